"""Care for endpoints that are not ours: one that fails, or slows down while it is asked, is left alone."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serveoff.loadtests.loads import Load
from serveoff.loadtests.recording.statuses import OK
from serveoff.record.problems import Problem, RequestCode

MOST_ERRORS: Final = 0.01
LEAST_REQUESTS: Final = 100
"""Of fewer requests one may fail."""
SLOWER: Final = 3.0
"""Times its first p99."""
TOLD_BY: Final = 200
"""Latencies that a p99 is taken of, the first ones and the last ones under a load."""
SILENT_SLICES: Final = 3
"""Without one good answer: it is gone."""


@dataclass
class _Under:
    """One load: latencies of its first and of its last good answers, seconds."""

    first: list[float] = field(default_factory=list)
    last: deque[float] = field(default_factory=lambda: deque(maxlen=TOLD_BY))
    slow: bool = False
    """The last p99 was too long, for which one stall of all callers is enough."""

    def add(self, latency_s: Sequence[float]) -> None:
        """In the order they came."""
        missing = TOLD_BY - len(self.first)
        self.first += latency_s[:missing]
        self.last.extend(latency_s[missing:])

    def slowed(self) -> tuple[float, float] | None:
        """The first and the last p99, where the last is too long twice in a row, each time of other answers."""
        if len(self.last) < TOLD_BY:
            return None
        first, last = (float(np.quantile(list(part), 0.99)) for part in (self.first, self.last))
        before, self.slow = self.slow, last > SLOWER * first
        if self.slow and not before:
            self.last.clear()
        return (first, last) if self.slow and before else None


@dataclass
class Guard:
    """Watches one endpoint; a `guarded` one is not of this machine."""

    guarded: bool
    requests: int = 0
    errors: int = 0
    silent: int = 0
    under: dict[Load, _Under] = field(default_factory=lambda: defaultdict(_Under))

    def told(self, load: Load, status: NDArray[np.int32], latency_s: NDArray[np.float64]) -> Problem | None:
        """What a slice's requests came to; why nothing more may be sent, or None."""
        good = status == OK
        self.silent = 0 if good.any() else self.silent + 1
        self.requests, self.errors = self.requests + status.size, self.errors + int((~good).sum())
        self.under[load].add(latency_s[good].tolist())
        if self.silent >= SILENT_SLICES:
            return _left(f"it gave no good answer in {self.silent} slices", "look whether it still runs")
        if self.guarded and self.errors > MOST_ERRORS * max(self.requests, LEAST_REQUESTS):
            return _left(f"{self.errors} of {self.requests} requests failed", "see its log; --max-rate N asks it less")
        if self.guarded and load.closed and (slowed := self.under[load].slowed()):  # an open loop queues on purpose
            first, last = (f"{1000 * seconds:.3g} ms" for seconds in slowed)
            return _left(f"its p99 rose from {first} to {last} and stayed there", "--max-rate N asks it less")
        return None


def _left(why: str, advice: str) -> Problem:
    return Problem(code=RequestCode.LEFT_ALONE, text=f"left alone amid the run: {why}", advice=advice)
