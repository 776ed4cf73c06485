"""What a ranking by one statistic needs: figures, ties between neighbours, and what the run could have told apart."""

from collections.abc import Iterable
from itertools import pairwise
from statistics import median
from typing import TypeVar

from serveoff.analyse.entries import Point
from serveoff.analyse.evidence import LATENCY, MEASURES, Evidence
from serveoff.analyse.statistics.estimates import Estimate

T = TypeVar("T")


def figure(point: Point, statistic: str) -> Estimate:
    """The estimate of one statistic of a point, by the statistic's name in `serveoff.analyse.statistics.estimates`."""
    fields = {"p50": "p50_s", "p90": "p90_s", "p99": "p99_s", "p99.9": "p999_s", "cpu": "cpu_per_request_s"}
    value: Estimate = getattr(point, fields.get(statistic, statistic))
    return value


def placed(evidence: Evidence, things: Iterable[tuple[T, Point]]) -> list[tuple[int, T, bool]]:
    """Things by the p50 of their points: place, thing, and whether no verdict shows a clear lead of the one before."""
    ordered = sorted(things, key=lambda thing: thing[1].p50_s.value or 0.0)
    leads = [evidence.pair(LATENCY, above, below) for (_, above), (_, below) in pairwise(ordered)]
    tied = [False, *(lead is None or lead.outcome != "faster" for lead in leads)]
    return [(place, thing, tied[place - 1]) for place, (thing, _) in enumerate(ordered, start=1)]


def resolution(evidence: Evidence) -> dict[str, float]:
    """The smallest difference that this run would have seen, by objective: 0.02 is 2%.

    The median over all pairs of contenders, as a ratio less 1: with a difference of as much the interval of a usual
    pair just excludes 1, once the pairs that were found to differ are set aside. Absent where nothing has an interval.
    """
    seen = {measure.objective: evidence.differences_seen(measure) for measure in MEASURES}
    return {objective: median(shares) for objective, shares in seen.items() if shares}
