"""The median of every round with the fewest callers: how far the rounds of a contender lie apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from serveoff.analyse.entries import Entry
from serveoff.analyse.point_estimates import measure
from serveoff.analyse.slice_rows import RunRows


@dataclass(frozen=True)
class RoundMedian:
    """One round of one endpoint. Seconds."""

    start: int
    """Which life of the server."""
    round: int
    p50_s: float


@dataclass(frozen=True)
class Rounds:
    """The rounds of one contender, in their order."""

    endpoint: str
    medians: tuple[RoundMedian, ...]

    @property
    def quartiles_s(self) -> tuple[float, float, float] | None:
        """Of the medians; fewer than four have none."""
        if len(self.medians) < 4:
            return None
        low, middle, high = np.quantile([m.p50_s for m in self.medians], [0.25, 0.5, 0.75])
        return float(low), float(middle), float(high)


def study(entries: Sequence[Entry], rows: RunRows) -> tuple[Rounds, ...]:
    """Every contender whose point of fewest callers is VALID, in the entries' order."""
    return tuple(Rounds(entry.name, tuple(_medians(entry, rows))) for entry in entries if _shown(entry))


def _shown(entry: Entry) -> bool:
    return entry.role == "contender" and entry.alone is not None and entry.alone.sound


def _medians(entry: Entry, rows: RunRows) -> Iterator[RoundMedian]:
    assert entry.alone is not None
    for sample in measure(entry.result, entry.alone.load, rows).samples:
        if sample.latency_s.size:
            yield RoundMedian(sample.start, sample.round, float(np.median(sample.latency_s)))
