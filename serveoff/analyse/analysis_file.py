"""A run's analysis in one file: made once when the run ends, and read by the report, the page, `compare`, `summary`.

`results/<run id>/analysis.json` holds the suite, the judged entries, the comparison, and of every plain load as many
draws of the bootstrap as there are, so that two runs, or two endpoints, are set against each other to the last digit
without reading a row. A stored baseline is the same file elsewhere.

**Current or not.** The file says what it was made from (`Source`): run.json by its hash, the slices and the files
of rows by their names and sizes. Where run.json is another, or a file came or changed, `analysis_of` makes the analysis
anew; so it does for a file of another version, or one that cannot be read or mentions what it lacks. Files that are
gone change nothing: the figures outlive the raw rows. VERSION changes with the fields and with what the figures mean;
to have one made again, delete it.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from serveoff.analyse.analysis import Analysis, analyse
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Key
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.run_diff import STATISTICS
from serveoff.analyse.source import Source
from serveoff.analyse.statistics.draws import RESAMPLES
from serveoff.analyse.statistics.sampled import Sampled
from serveoff.analyse.stored_once import DEPLOYMENT, ENTRY, POINT, RESULT, SUITE, EndpointName
from serveoff.loadtests.loads import Load
from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.loadtests.recording.windows import BEYOND, Amount, Count
from serveoff.record.reading import ResultsError, check_numbers, contents, unreadable
from serveoff.record.suite import Suite

ANALYSIS_NAME: Final = "analysis.json"
VERSION: Final[Literal[14]] = 14
FLOAT: Final = np.dtype("<f4")
"""How draws are kept."""


class OtherVersion(ResultsError):
    """An analysis that another serveoff stored."""


class _Draws(BaseModel):
    """One statistic of one plain load; `slices` and `start` are RESAMPLES floats each, little end first, in Base64."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64")

    endpoint: EndpointName
    load: Load
    statistic: str
    value: Annotated[float, Field(gt=0, lt=BEYOND)]
    samples: Count
    slices: bytes
    start: bytes
    machine: Amount

    @field_validator("slices", "start")
    @classmethod
    def _as_many_as_a_run_draws(cls, drawn: bytes) -> bytes:
        if len(drawn) != RESAMPLES * FLOAT.itemsize or not np.isfinite(np.frombuffer(drawn, FLOAT)).all():
            raise ValueError(f"these are no {RESAMPLES} finite numbers")
        return drawn


class _Document(BaseModel):
    """The file. Fields stand before those that mention what they hold: serveoff.analyse.stored_once."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="strings")

    analysis_version: Literal[14]
    source: Source
    suite: Suite
    entries: tuple[Entry, ...]
    comparison: Comparison
    bound: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    draws: tuple[_Draws, ...]

    @field_validator("suite")
    @classmethod
    def _know_suite(cls, suite: Suite, info: ValidationInfo) -> Suite:
        if info.context is not None:
            SUITE.remember([suite], info.context)
            RESULT.remember(suite.endpoints, info.context)
        return suite

    @field_validator("entries")
    @classmethod
    def _know_entries(cls, entries: tuple[Entry, ...], info: ValidationInfo) -> tuple[Entry, ...]:
        if info.context is not None:
            ENTRY.remember(entries, info.context)
            DEPLOYMENT.remember(entries, info.context)
            POINT.remember((p for entry in entries for p in (*entry.points, *entry.others)), info.context)
        return entries

    @field_validator("comparison")
    @classmethod
    def _is_whole(cls, comparison: Comparison, info: ValidationInfo) -> Comparison:
        for fault, so in _faults(comparison, info.data.get("entries", ())):
            if so:
                raise ValueError(fault)
        return comparison


class _Brief(_Document):
    """Without the slices of its endpoints, which are most of what there is to check: a list needs none of them."""

    @field_validator("suite", mode="before")
    @classmethod
    def _without_slices(cls, suite: Any) -> Any:
        endpoints = suite.get("endpoints", []) if isinstance(suite, dict) else []
        for endpoint in endpoints if isinstance(endpoints, list) else []:
            if isinstance(endpoint, dict):
                endpoint.pop("windows", None)
        return suite


def analysis_of(folder: Path) -> Analysis:
    """The stored analysis of a run, or where there is none of the run as it is now, a new one, which is stored.

    ResultsError where there is no run, or its run.json cannot be read.
    """
    stored = stored_analysis(folder)
    if stored is not None:
        return stored
    made = analyse(folder)
    with suppress(OSError):  # a folder that cannot be written to has its report all the same
        save(made, folder / ANALYSIS_NAME)
    return made


def stored_analysis(folder: Path) -> Analysis | None:
    """What is stored of the run as it is now; None where nothing is, or nothing that can be read."""
    try:
        found = load(folder / ANALYSIS_NAME)
        return found if found.source.is_still(folder) else None
    except (ResultsError, OSError):
        return None


def save(analysis: Analysis, path: Path) -> None:
    """Write an analysis whole or not at all; OSError where it cannot be written."""
    document = _Document.model_construct(
        analysis_version=VERSION,
        source=analysis.source,
        suite=analysis.comparison.suite,
        entries=analysis.comparison.entries,
        comparison=analysis.comparison,
        bound=analysis.evidence.bound,
        draws=tuple(_draws(analysis.evidence)),
    )
    with written_whole(path) as file:
        file.write_text(document.model_dump_json() + "\n", encoding="utf-8")


def load(path: Path, brief: bool = False) -> Analysis:
    """Read an analysis; ResultsError where the file is none, OtherVersion where it is of one; OSError where locked.

    A `brief` one has no slices of its endpoints, and is read in a fourth of the time.
    """
    try:
        written = contents(path)
        document = (_Brief if brief else _Document).model_validate_json(written, context={})
        if not brief:
            check_numbers(path, written)
    except FileNotFoundError:
        raise ResultsError(f"{path} is not there") from None
    except ValidationError as error:
        first = error.errors()[0]
        if (first["loc"], first["type"]) == (("analysis_version",), "literal_error"):
            said = f"{path} is of version {first['input']!r}, and this serveoff reads version {VERSION}"
            raise OtherVersion(said) from None
        raise unreadable(path, error) from None
    sampled = _sampled(document.draws)
    evidence = Evidence(document.entries, sampled, document.bound, document.comparison.suite.settings.margin)
    return Analysis(document.comparison, evidence, document.source)


def _faults(comparison: Comparison, entries: tuple[Entry, ...]) -> Iterator[tuple[str, bool]]:
    """What parts of a comparison take for granted of each other, beyond names; True where it is not so."""
    decision = comparison.decision
    rows = {row.endpoint: row.cells.keys() for row in decision.matrix.rows}
    points = [(entry.name, point) for entry in entries for point in (*entry.points, *entry.others)]
    yield "the comparison is of other endpoints", comparison.entries != entries
    yield "a point has the name of another endpoint", any(point.endpoint != name for name, point in points)
    yield "the recommended endpoint has no row", decision.recommended not in (None, *rows)
    yield "a row lacks an objective", any(not cells >= set(decision.matrix.objectives) for cells in rows.values())
    ways = comparison.leaving.ways
    yield "a way out is compared and has no endpoint", any(way.against and way.entry is None for way in ways)


def _draws(evidence: Evidence) -> Iterator[_Draws]:
    for (endpoint, load), known in evidence.sampled.items():
        for statistic in (s for s in STATISTICS if s in known and load.plain):
            found = known[statistic]
            yield _Draws(
                endpoint=endpoint,
                load=load,
                statistic=statistic,
                value=found.value,
                samples=found.samples,
                slices=found.slices.astype(FLOAT).tobytes(),
                start=found.start.astype(FLOAT).tobytes(),
                machine=found.machine,
            )


def _sampled(draws: tuple[_Draws, ...]) -> Mapping[Key, Mapping[str, Sampled]]:
    found: dict[Key, dict[str, Sampled]] = {}
    for d in draws:
        slices, start = (np.frombuffer(drawn, FLOAT).astype(np.float64) for drawn in (d.slices, d.start))
        sampled = Sampled(d.value, slices, start, d.samples, machine=d.machine)
        found.setdefault((d.endpoint, d.load), {})[d.statistic] = sampled
    return found
