"""Open and closed loop side by side: what a closed loop leaves out of the tail.

A caller that waits for its answer asks a stalled server nothing, so the requests that a stall would have delayed are
never made (Tene's *coordinated omission*). Each open-loop point is set against the closed-loop point of the same
endpoint whose throughput is nearest to its rate: about the same work, asked for in two ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.bootstrap import Estimate
from serveoff.analyse.stored_once import POINT
from serveoff.analyse.winners import LATENCY, TAIL, Evidenced, compare_valid


@dataclass(frozen=True)
class Gap:
    """An open-loop point beside the closed-loop one of nearest throughput: how many times longer its latency is."""

    endpoint: str
    open: Annotated[Point, POINT]
    closed: Annotated[Point, POINT]
    p50: Estimate | None
    p99: Estimate | None


APART: Final = 1.5
"""A closed-loop point whose throughput is further away does other work, and says nothing of this one."""


def study(evidence: Evidenced) -> tuple[Gap, ...]:
    """Every VALID open-loop point of a contender that has a VALID closed one near, in the entries' order."""
    return tuple(gap for entry in evidence.contenders for gap in _gaps(evidence, entry))


def _gaps(evidence: Evidenced, entry: Entry) -> Iterator[Gap]:
    closed = [p for p in entry.points if p.valid and p.throughput.value]
    for point in entry.others:
        if point.load.closed or point.load.payload or point.load.batch > 1 or not point.valid or not closed:
            continue
        nearest = min(closed, key=lambda p: _distance(p, point))
        if _distance(nearest, point) > math.log(APART):
            continue
        p50, p99 = (compare_valid(evidence, measure, nearest, point) for measure in (LATENCY, TAIL))
        yield Gap(entry.name, point, nearest, p50, p99)


def _distance(closed: Point, open_: Point) -> float:
    return abs(math.log((closed.throughput.value or 1.0) / open_.load.rate))
