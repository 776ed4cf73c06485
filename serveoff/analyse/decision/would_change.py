"""What would change the answer: other choices that this same run names, when something else is asked of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from serveoff.analyse.decision import recommendation
from serveoff.analyse.decision.matrix import Matrix, build
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import LATENCY, Evidence, Measure
from serveoff.analyse.ranking import figure
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.studies.capacity import Capacity
from serveoff.analyse.studies.payloads import Encoded

RISKY_SERVERS: Final = ("flask-tuned", "torchserve")
"""Whose maintenance falls to those who deploy them: serveoff's own service, and one that is archived upstream."""
RISKY_FORMATS: Final = ("torchscript",)
"""Deprecated upstream."""


class ChangeCode(StrEnum):
    """What would have to be other for another choice; those up to ARTIFACT are objectives by their names."""

    LATENCY = "latency"
    TAIL = "tail"
    THROUGHPUT = "throughput"
    COST = "cost"
    COLD_START = "cold_start"
    MEMORY = "memory"
    ARTIFACT = "artifact"
    CALLERS = "callers"
    """More callers at once."""
    ARRIVALS = "arrivals"
    """Requests that come by themselves, with an objective that must hold."""
    ENCODING = "encoding"
    """Clients that can send another encoding."""
    SERVER = "server"
    """None of RISKY_SERVERS."""
    FORMAT = "format"
    """None of RISKY_FORMATS."""


UNRISKED: Final = frozenset({ChangeCode.SERVER, ChangeCode.FORMAT})
"""Where what would be asked is another risk, not another objective."""


@dataclass(frozen=True)
class Change:
    """One condition, and who would then be the choice, with its own figure."""

    code: ChangeCode
    endpoint: EndpointName
    estimate: Estimate
    concurrency: int | None = None
    payload: str = ""
    """The encoding, as a load has it."""


def study(
    evidence: Evidence,
    measures: Sequence[Measure],
    matrix: Matrix,
    first: Entry,
    capacity: Sequence[Capacity],
    payloads: Sequence[Encoded],
) -> tuple[Change, ...]:
    """Every condition under which another contender is the choice, by clear differences only."""
    return (
        *_objectives(evidence, measures, first),
        *_tie_breakers(matrix, first),
        *_callers(evidence, first),
        *_arrivals(capacity, first.name),
        *_encodings(evidence, payloads, first.name),
        *_without_risk(evidence, measures, first),
    )


def _objectives(evidence: Evidence, measures: Sequence[Measure], first: Entry) -> Iterator[Change]:
    for measure in measures:
        best, mine = next(iter(evidence.candidates(measure)), None), measure.point(first)
        pair = evidence.pair(measure, best, mine) if best is not mine else None
        if best is not None and pair is not None and pair.outcome == "faster":
            estimate = figure(best, measure.statistic)
            yield Change(ChangeCode(measure.objective), best.endpoint, estimate, best.concurrency)


def _tie_breakers(matrix: Matrix, first: Entry) -> Iterator[Change]:
    for objective in matrix.tie_breakers:
        if matrix.row(first.name).cells[objective].mark == "worse":
            good = {row.endpoint: row.cells[objective] for row in matrix.rows if row.cells[objective].good}
            best = min(good, key=lambda name: good[name].estimate.value or 0.0)
            yield Change(ChangeCode(objective), best, good[best].estimate)


def _callers(evidence: Evidence, first: Entry) -> Iterator[Change]:
    """The fewest callers with which another is clearly quicker."""
    for point in first.points[1:]:
        rivals = [e.at(point.concurrency) for e in evidence.contenders if e is not first]
        valid = [p for p in rivals if p is not None and p.sound]
        if not point.valid or not valid:
            continue
        best = min(valid, key=lambda p: p.p50_s.value or 0.0)
        found = evidence.pair(LATENCY, best, point)
        if found is not None and found.outcome == "faster":
            yield Change(ChangeCode.CALLERS, best.endpoint, best.p50_s, point.concurrency)
            return


def _arrivals(capacity: Sequence[Capacity], first: str) -> Iterator[Change]:
    """Where requests come by themselves and an objective must hold, the one that holds it at the highest rate."""
    mine = next((c for c in capacity if c.endpoint == first), None)
    best = next((c for c in capacity if c.side == "between"), None)
    if mine is None or best is None or best.rate.low is None or mine.side not in ("between", "below"):
        return
    most = mine.rate.high if mine.side == "between" else mine.rate.value
    if most is not None and best.endpoint != first and best.rate.low > most:
        yield Change(ChangeCode.ARRIVALS, best.endpoint, best.rate)


def _encodings(evidence: Evidence, payloads: Sequence[Encoded], first: str) -> Iterator[Change]:
    """An encoding in which some endpoint is quicker than the first in its own."""
    contenders = {entry.name for entry in evidence.contenders}
    own = next((e.point for e in payloads if e.endpoint == first and not e.payload), None)
    others = [e for e in payloads if e.payload and e.point.sound and e.endpoint in contenders]
    if own is None or not others:
        return
    best = min(others, key=lambda e: e.point.p50_s.value or 0.0)
    found = evidence.pair(LATENCY, best.point, own)
    if found is not None and found.outcome == "faster":
        yield Change(ChangeCode.ENCODING, best.endpoint, best.point.p50_s, payload=best.payload)


def _without_risk(evidence: Evidence, measures: Sequence[Measure], first: Entry) -> Iterator[Change]:
    """The choice among those that do not share what is risky about the first."""
    others = {
        ChangeCode.SERVER: [e for e in evidence.contenders if e.result.server not in RISKY_SERVERS],
        ChangeCode.FORMAT: [e for e in evidence.contenders if e.result.format not in RISKY_FORMATS],
    }
    for code, entries in others.items():
        if any(entry is first for entry in entries):
            continue
        for chosen in recommendation.order(build(replace(evidence, entries=entries), measures))[:1]:
            yield Change(code, chosen.endpoint, chosen.cells[LATENCY.objective].estimate)
