"""The results of one run: a versioned JSON suite beside raw rows in Parquet. Statistics are computed afterwards.

results/<run id>/
    run.json                        the suite, rewritten atomically after every step
    slices.jsonl                    what was counted of every slice, one a line (serveoff.record.slices)
    rows/*.parquet                  one row per request (columns: serveoff.loadtests.recording.records.COLUMNS)
    logs/<deployment>.log           what the server printed
    analysis.json                   what was computed from these (serveoff.analyse.analysis_file)
"""

import os
from collections import ChainMap
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.record.base import Record
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.environment import Environment
from serveoff.record.race import Look
from serveoff.record.reading import ResultsError, check_numbers, contents, unreadable
from serveoff.record.settings import RunSettings
from serveoff.record.slices import SLICES_NAME, read_slices

SCHEMA_VERSION: Literal[4] = 4
SUITE_NAME = "run.json"


class Suite(Record):
    """One run."""

    schema_version: Literal[4] = SCHEMA_VERSION
    run_id: str
    started_at: str
    finished_at: str | None = None
    complete: bool = False
    looks: list[Look] = Field(default_factory=list)
    """At the run while it went on, where it is a race."""
    wall_s: float | None = None
    model_accuracy: float | None = None
    model_quality: str = ""
    """How good the model is, in words; empty in a run that did not record it."""
    model_source: str = ""
    """`zoo`, or the kind of file that it was imported from; empty in a run that did not record it."""
    model_parameters: int | None = None
    unseen_inputs: bool = False
    """The load sent no golden inputs but those of serveoff.services.inprocess.crossing, which no server had seen."""
    settings: RunSettings
    environment: Environment
    endpoints: list[EndpointResult] = Field(default_factory=list)

    @property
    def ended_early(self) -> bool:
        """All was decided before the time was up."""
        return self.complete and bool(self.looks) and self.looks[-1].decided

    @property
    def versions(self) -> dict[str, str]:
        """Of this machine's Python and packages; in containers of those inside the images, which are what served."""
        inside = [result.container.versions for result in self.endpoints if result.container]
        return dict(ChainMap(*inside, self.environment.versions))

    @property
    def rounds(self) -> int:
        """How many were measured, those of open loops not counted."""
        return max((w.round for e in self.endpoints for w in e.windows if w.load.closed), default=0)

    def endpoint(self, name: str) -> EndpointResult | None:
        """The result of one endpoint, if it is in this run."""
        return next((e for e in self.endpoints if e.endpoint == name), None)


class _Begun(BaseModel):
    started_at: AwareDatetime


def results_root() -> Path:
    """The folder of all runs: `$SERVEOFF_RESULTS`, or `results/` in the working folder."""
    return Path(os.environ.get("SERVEOFF_RESULTS") or "results")


def reports_root() -> Path:
    """The folder of all reports: `$SERVEOFF_REPORTS`, or `reports/` in the working folder."""
    return Path(os.environ.get("SERVEOFF_REPORTS") or "reports")


def save_suite(folder: Path, suite: Suite) -> None:
    """Write `run.json` so that a reader, or a crash, never sees half of it; slices have a file of their own."""
    with written_whole(folder / SUITE_NAME) as file:
        file.write_text(suite.model_dump_json(indent=1, exclude={"endpoints": {"__all__": {"windows"}}}))


def load_suite(folder: Path) -> Suite:
    """Read a run, its slices included; ResultsError where there is none or it is of another version."""
    suite, path = load_without_slices(folder), folder / SLICES_NAME
    try:
        slices = read_slices(folder)
    except ValidationError as error:
        raise unreadable(path, error) from None
    for strange in sorted(slices.keys() - {endpoint.endpoint for endpoint in suite.endpoints}):
        raise ResultsError(f"{path} is of another run: {SUITE_NAME} has no endpoint {strange!r}")
    for endpoint in suite.endpoints:
        endpoint.windows = slices.get(endpoint.endpoint, [])
    return suite


def load_without_slices(folder: Path) -> Suite:
    """The same by run.json alone, however much was measured: enough to say what the run is."""
    path = folder / SUITE_NAME
    try:
        written = contents(path)
        suite = Suite.model_validate_json(written)
        check_numbers(path, written)
    except FileNotFoundError:
        raise ResultsError(f"no run at {folder}: `serveoff runs` lists those there are") from None
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("schema_version",):
            said = f"is of version {first['input']!r}, and this serveoff reads version {SCHEMA_VERSION}"
            raise ResultsError(f"{path} {said}: measure again") from None
        raise unreadable(path, error) from None
    return suite


def began(folder: Path) -> datetime:
    """When a run began, by its run.json alone; one that cannot be read comes before all others."""
    try:
        return _Begun.model_validate_json(contents(folder / SUITE_NAME)).started_at
    except (OSError, ResultsError, ValidationError):
        return datetime.min.replace(tzinfo=UTC)
