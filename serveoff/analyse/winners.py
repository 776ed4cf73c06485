"""Who wins on what: one contest per objective, over all contenders and over those that received the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from serveoff.analyse.entries import Candidate, Contest, Entry, Key, Point
from serveoff.analyse.statistics.bootstrap import Estimate, Sampled, all_pairs, ratio, simultaneous
from serveoff.analyse.statistics.few_repeats import Spread, apart, margin
from serveoff.analyse.studies.ceiling import Ceiling
from serveoff.analyse.verdict import difference

SCOPES: Final[Mapping[str, Callable[[Entry], bool]]] = {
    "all": lambda entry: True,
    "json": lambda entry: entry.result.payload == "json",
}


@dataclass(frozen=True)
class Evidenced:
    """The judged entries and the resampled statistics behind them."""

    entries: Sequence[Entry]
    sampled: Mapping[Key, Mapping[str, Sampled]]
    noise: Mapping[str, float]
    looks: float = 1.0
    """By how many times the comparisons are more, for looks while the run went on: alpha_spending."""
    ceiling: Ceiling | None = None
    """What the load generator can drive in an open loop."""

    @property
    def contenders(self) -> list[Entry]:
        """Endpoints that may rank: no floor, no null."""
        return [entry for entry in self.entries if entry.role == "contender"]


@dataclass(frozen=True)
class Measure:
    """An objective with intervals: which statistic, at which point, and whether more is better."""

    objective: str
    statistic: str
    point: Callable[[Entry], Point | None]
    more_is_better: bool = False


LATENCY, TAIL, THROUGHPUT, COST = MEASURES = (
    Measure("latency", "p50", lambda entry: entry.alone),
    Measure("tail", "p99", lambda entry: entry.alone),
    Measure("throughput", "throughput", lambda entry: entry.best, more_is_better=True),
    Measure("cost", "cpu", lambda entry: entry.best),
)


def decide_all(evidence: Evidenced) -> list[Contest]:
    """Every contest that this run can give, in the order of the report."""
    contests = [_measured(evidence, m, scope) for scope in SCOPES for m in MEASURES]
    return [a for a in (*contests, *_plain_contests(evidence.contenders)) if a is not None]


def figure(point: Point, statistic: str) -> Estimate:
    """The estimate of one statistic of a point, by the statistic's name in `serveoff.analyse.statistics.bootstrap`."""
    fields = {"p50": "p50_s", "p90": "p90_s", "p99": "p99_s", "p99.9": "p999_s", "cpu": "cpu_per_request_s"}
    value: Estimate = getattr(point, fields.get(statistic, statistic))
    return value


def compare_points(evidence: Evidenced, measure: Measure, mine: Point, other: Point) -> Estimate:
    """How many times better `mine` is than `other`, with the interval of this one comparison."""
    a, b = (evidence.sampled[point.key][measure.statistic] for point in (mine, other))
    noise = evidence.noise[measure.statistic]
    return ratio(a, b, noise) if measure.more_is_better else ratio(b, a, noise)


def compare_valid(evidence: Evidenced, measure: Measure, mine: Point, other: Point | None) -> Estimate | None:
    """The same; None where either point does not count, or has too few samples for this statistic."""
    if other is None or not (mine.valid and other.valid):
        return None
    known = all(measure.statistic in evidence.sampled.get(point.key, {}) for point in (mine, other))
    return compare_points(evidence, measure, mine, other) if known else None


def ties(evidence: Evidenced, ordered: Sequence[Point], comparisons: float) -> list[bool]:
    """Of each point, quickest first: the interval, for so many comparisons, shows no clear lead of the one before."""
    leads = [compare_points(evidence, LATENCY, above, below) for above, below in pairwise(ordered)]
    return [False, *(difference(simultaneous(lead, comparisons)) != "better" for lead in leads)][: len(ordered)]


def _measured(evidence: Evidenced, measure: Measure, scope: str) -> Contest | None:
    points = [measure.point(entry) for entry in evidence.contenders if SCOPES[scope](entry)]
    usable = [p for p in points if p and p.valid and figure(p, measure.statistic).value is not None]
    if not usable:
        return None
    sign = -1 if measure.more_is_better else 1
    ordered = sorted(usable, key=lambda p: sign * (figure(p, measure.statistic).value or 0.0))
    best, rest = ordered[0], ordered[1:]
    pairs = all_pairs(len(ordered)) * evidence.looks
    ratios = [simultaneous(compare_points(evidence, measure, best, other), pairs) for other in rest]
    candidates = [Candidate(p.endpoint, figure(p, measure.statistic), p.concurrency) for p in ordered]
    near = [p.endpoint for p, r in zip(rest, ratios, strict=True) if difference(r) in ("tie", "inconclusive")]
    return _contest(measure.objective, scope, candidates, ratios[0] if rest else None, near)


def _contest(
    objective: str, scope: str, ordered: Sequence[Candidate], margin: Estimate | None, near: Iterable[str] = ()
) -> Contest:
    """Of candidates, best first, with the margin of the first over the second where there is one."""
    winner, runner_up = ordered[0], ordered[1] if len(ordered) > 1 else None
    outcome = difference(margin) if margin else "unopposed"
    return Contest(objective, scope, winner, runner_up, margin, outcome, tuple(near), len(ordered))


def _plain_contests(contenders: Iterable[Entry]) -> list[Contest | None]:
    """Objectives measured a few times, once, or known exactly: no interval, and the report says so."""
    sound = [e for e in contenders if any(p.valid for p in e.points)]
    starts = {e.result.deployment: s for e in sound if (s := e.first_answer_s) is not None}
    memory: dict[str, float] = {}
    for entry in sound:
        if entry.peak_memory_bytes is not None:
            memory[entry.result.deployment] = max(memory.get(entry.result.deployment, 0), entry.peak_memory_bytes)
    sizes = {e.result.format: float(e.result.artifact_bytes) for e in sound if e.result.artifact_bytes}
    exact = _smallest("artifact", sizes)
    return [
        _quickest_start(starts),
        _smallest("memory", memory),
        replace(exact, outcome="exact") if exact and exact.runner_up else exact,
    ]


def _quickest_start(starts: Mapping[str, Spread]) -> Contest | None:
    """By the median; better only than those whose starts do not overlap with the winner's."""
    if not starts:
        return None
    (winner, least), *rest = sorted(starts.items(), key=lambda item: item[1].value)
    candidates = [Candidate(name, s.estimate, bounds=s.bounds) for name, s in ((winner, least), *rest)]
    near = [name for name, other in rest if apart(least, other) in ("tie", "inconclusive")]
    return _contest("cold_start", "all", candidates, margin(least, rest[0][1]) if rest else None, near)


def _smallest(objective: str, figures: Mapping[str, float]) -> Contest | None:
    ordered = sorted(figures.items(), key=lambda item: item[1])
    candidates = [Candidate(name, Estimate(float(value), None, None, 1)) for name, value in ordered]
    if not candidates:
        return None
    margin = Estimate(ordered[1][1] / ordered[0][1], None, None, 1) if len(ordered) > 1 else None
    return _contest(objective, "all", candidates, margin)
