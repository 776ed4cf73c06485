"""A run's figures in one small file, to compare later runs with when its raw rows are long gone.

It holds the judged points, and so many draws of each statistic's bootstrap as are needed to give a ratio its interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from serveoff.analyse.analysis import STAND_IN_SERVER, Analysis
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.point_estimates import Key
from serveoff.analyse.run_diff import STATISTICS
from serveoff.analyse.statistics.bootstrap import Sampled
from serveoff.analyse.winners import Evidenced
from serveoff.errors import ResultsFailure
from serveoff.loadtests.loads import parse_load
from serveoff.record.suite import Suite

VERSION: Final = 1
DRAWS: Final = 400
"""Draws kept of each statistic: the ends of a 95% interval then rest on ten draws each."""
DIGITS: Final = 5
LARGEST: Final = 50 * 2**20


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    endpoint: str
    load: str
    statistic: str
    value: float
    draws: list[float]
    by_round: list[float]
    blocks: int
    samples: int


class _Baseline(BaseModel):
    """The file: the suite without its windows, the judged entries, noise between rounds, and draws."""

    model_config = ConfigDict(extra="forbid")

    baseline: Literal[1] = 1
    suite: Suite
    entries: list[Entry]
    noise: dict[str, float]
    sampled: list[_Kept]


def save_baseline(analysis: Analysis, path: Path) -> None:
    """Write a run's baseline; ResultsFailure where the file cannot be written."""
    suite = analysis.comparison.suite
    bare = [result.model_copy(update={"windows": []}) for result in suite.endpoints]
    kept = [
        _keep(key, statistic, sampled)
        for key, known in analysis.evidence.sampled.items()
        if key[1].plain
        for statistic, sampled in known.items()
        if statistic in STATISTICS
    ]
    document = _Baseline(
        suite=suite.model_copy(update={"endpoints": bare}),
        entries=[_bare(entry) for entry in analysis.comparison.entries],
        noise=dict(analysis.evidence.noise),
        sampled=kept,
    )
    try:
        path.write_text(document.model_dump_json() + "\n")
    except OSError as error:
        raise ResultsFailure(f"cannot write the baseline {path}: {error.strerror}", "name another file") from None


def load_baseline(path: Path) -> Analysis:
    """Read a baseline as the analysis of its run; ResultsFailure where it is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise ResultsFailure(f"{path} is no baseline: it is too large", "write one: serveoff baseline RUN FILE")
        document = _Baseline.model_validate_json(path.read_bytes())
        sampled = _sampled(document.sampled)
    except (OSError, ValidationError, ValueError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ResultsFailure(f"{path} is no baseline: {said}", "write one: serveoff baseline RUN FILE") from None
    entries = tuple(document.entries)
    comparison = Comparison(
        suite=document.suite,
        folder=path.name,
        concurrencies=tuple(sorted({p.concurrency for e in entries for p in e.points if e.role != "floor"})),
        entries=entries,
        contests=(),
        claims=(),
        calibration=None,
        round_noise=document.noise.get("p50", 0.0),
        stand_in=any(e.result.server == STAND_IN_SERVER for e in entries),
    )
    return Analysis(comparison, Evidenced(list(entries), sampled, document.noise))


def _bare(entry: Entry) -> Entry:
    """What a later comparison needs of an entry."""
    return replace(entry, result=entry.result.model_copy(update={"windows": []}), others=())


def _keep(key: Key, statistic: str, sampled: Sampled) -> _Kept:
    draws = sampled.replicates[:DRAWS]
    return _Kept(
        endpoint=key[0],
        load=key[1].text,
        statistic=statistic,
        value=sampled.value,
        draws=[float(f"{draw:.{DIGITS}g}") for draw in draws],
        by_round=[float(value) for value in sampled.by_round],
        blocks=sampled.blocks,
        samples=sampled.samples,
    )


def _sampled(kept: list[_Kept]) -> Mapping[Key, Mapping[str, Sampled]]:
    found: dict[Key, dict[str, Sampled]] = {}
    for k in kept:
        draws = np.resize(np.array(k.draws), 1000)  # as many as a run's own, so that the two can be paired
        point = Sampled(k.value, draws, np.array(k.by_round), k.blocks, k.samples)
        found.setdefault((k.endpoint, parse_load(k.load)), {})[k.statistic] = point
    return found
