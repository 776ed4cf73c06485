"""What would change the choice: other winners that this same run names, when something else is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from serveoff.analyse.entries import Contest
from serveoff.analyse.evidence import LATENCY, Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.capacity import Capacity
from serveoff.analyse.studies.payloads import Encoded


@dataclass(frozen=True)
class Other:
    """Another choice than the quickest endpoint, and what would have to be asked for it."""

    condition: str
    """`tail`, `throughput`, `cost`, `callers`, `arrivals` or `encoding`."""
    endpoint: str
    estimate: Estimate
    concurrency: int | None = None
    payload: str = ""


def study(
    evidence: Evidence, contests: Sequence[Contest], capacity: Sequence[Capacity], payloads: Sequence[Encoded]
) -> tuple[Other, ...]:
    """Every condition under which another endpoint than the quickest is the choice; clear differences only."""
    latency = next((a for a in contests if (a.objective, a.scope) == ("latency", "all")), None)
    if latency is None:
        return ()
    winner = latency.winner.name
    found = (
        *_objectives(contests, winner),
        *_callers(evidence, winner),
        *_arrivals(capacity, winner),
        *_encodings(evidence, payloads, winner),
    )
    return tuple(found)


def _objectives(contests: Sequence[Contest], winner: str) -> Iterator[Other]:
    for contest in contests:
        if contest.scope != "all" or contest.objective not in ("tail", "throughput", "cost"):
            continue
        if contest.winner.name != winner and winner not in contest.not_worse and contest.outcome != "unopposed":
            yield Other(contest.objective, contest.winner.name, contest.winner.estimate)


def _callers(evidence: Evidence, winner: str) -> Iterator[Other]:
    """The fewest callers with which another is clearly quicker."""
    mine = next((e for e in evidence.contenders if e.name == winner), None)
    for point in mine.points[1:] if mine else ():
        rivals = [e.at(point.concurrency) for e in evidence.contenders if e.name != winner]
        valid = [p for p in rivals if p is not None and p.sound]
        if not point.valid or not valid:
            continue
        best = min(valid, key=lambda p: p.p50_s.value or 0.0)
        found = evidence.pair(LATENCY, best, point)
        if found is not None and found.outcome == "faster":
            yield Other("callers", best.endpoint, best.p50_s, point.concurrency)
            return


def _arrivals(capacity: Sequence[Capacity], winner: str) -> Iterator[Other]:
    """Where requests come by themselves and an objective must hold, the one that holds it at the highest rate."""
    mine = next((c for c in capacity if c.endpoint == winner), None)
    best = next((c for c in capacity if c.side == "between"), None)
    if mine is None or best is None or best.rate.low is None or mine.side not in ("between", "below"):
        return
    most = mine.rate.high if mine.side == "between" else mine.rate.value
    if most is not None and best.endpoint != winner and best.rate.low > most:
        yield Other("arrivals", best.endpoint, best.rate)


def _encodings(evidence: Evidence, payloads: Sequence[Encoded], winner: str) -> Iterator[Other]:
    """An encoding in which some endpoint is quicker than the winner in its own."""
    own = next((e.point for e in payloads if e.endpoint == winner and not e.payload), None)
    others = [e for e in payloads if e.payload and e.point.sound]
    if own is None or not others:
        return
    best = min(others, key=lambda e: e.point.p50_s.value or 0.0)
    found = evidence.pair(LATENCY, best.point, own)
    if found is not None and found.outcome == "faster":
        yield Other("encoding", best.endpoint, best.point.p50_s, payload=best.payload)
