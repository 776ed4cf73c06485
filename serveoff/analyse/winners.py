"""Who wins on what: one contest per objective, over all contenders and over those that received the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final

from serveoff.analyse.entries import Candidate, Contest, Entry, Point
from serveoff.analyse.evidence import LATENCY, MEASURES, Evidence, Measure
from serveoff.analyse.statistics.estimates import Estimate, half_width
from serveoff.analyse.statistics.few_repeats import Spread, apart, margin
from serveoff.analyse.verdict import difference

SCOPES: Final[Mapping[str, Callable[[Entry], bool]]] = {
    "all": lambda entry: True,
    "json": lambda entry: entry.result.payload == "json",
}


def decide_all(evidence: Evidence) -> list[Contest]:
    """Every contest that this run can give, in the order of the report."""
    contests = [_measured(evidence, m, scope) for scope in SCOPES for m in MEASURES]
    return [a for a in (*contests, *_plain_contests(evidence.contenders)) if a is not None]


def figure(point: Point, statistic: str) -> Estimate:
    """The estimate of one statistic of a point, by the statistic's name in `serveoff.analyse.statistics.estimates`."""
    fields = {"p50": "p50_s", "p90": "p90_s", "p99": "p99_s", "p99.9": "p999_s", "cpu": "cpu_per_request_s"}
    value: Estimate = getattr(point, fields.get(statistic, statistic))
    return value


def ties(evidence: Evidence, ordered: Sequence[Point]) -> list[bool]:
    """Of each point, quickest first: its verdict shows no clear lead of the one before."""
    leads = [evidence.pair(LATENCY, above, below) for above, below in pairwise(ordered)]
    return [False, *(lead is None or lead.outcome != "faster" for lead in leads)][: len(ordered)]


def resolution(evidence: Evidence) -> dict[str, float]:
    """The smallest difference that this run would have seen, by objective: 0.02 is 2%.

    The median over all pairs of contenders of the half-width of their interval, as a ratio less 1: with a true
    difference of as much the interval of a usual pair just excludes 1. Absent where no pair has an interval.
    """
    found = {}
    for measure in MEASURES:
        ratios = [pair.ratio for pair in evidence.contrasted(measure).values()]
        if widths := [half_width(ratio) for ratio in ratios if ratio.low is not None]:
            found[measure.objective] = median(widths)
    return found


def _measured(evidence: Evidence, measure: Measure, scope: str) -> Contest | None:
    names = {entry.name for entry in evidence.contenders if SCOPES[scope](entry)}
    ordered = [p for p in evidence.candidates(measure) if p.endpoint in names]
    if not ordered:
        return None
    best, rest = ordered[0], ordered[1:]
    pairs = [evidence.pair(measure, best, other) for other in rest]
    candidates = [Candidate(p.endpoint, figure(p, measure.statistic), p.concurrency) for p in ordered]
    near = [p.endpoint for p, pair in zip(rest, pairs, strict=True) if pair and pair.outcome in ("tied", "undecided")]
    first = pairs[0] if pairs else None
    found = _contest(measure.objective, scope, candidates, first.ratio if first else None, near)
    tied = [p.endpoint for p, pair in zip(rest, pairs, strict=True) if pair and pair.outcome == "tied"]
    return replace(found, processes=first.processes if first else None, tied=tuple(tied))


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
    near = [name for name, other in rest if apart(least, other) in ("tied", "undecided")]
    return _contest("cold_start", "all", candidates, margin(least, rest[0][1]) if rest else None, near)


def _smallest(objective: str, figures: Mapping[str, float]) -> Contest | None:
    ordered = sorted(figures.items(), key=lambda item: item[1])
    candidates = [Candidate(name, Estimate(float(value), None, None, 1)) for name, value in ordered]
    if not candidates:
        return None
    margin = Estimate(ordered[1][1] / ordered[0][1], None, None, 1) if len(ordered) > 1 else None
    return _contest(objective, "all", candidates, margin)
