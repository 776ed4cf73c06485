"""What more time would buy: for a contest that is inconclusive and a percentile that is withheld, how much would do.

**Answers.** More rounds of the same length shrink both parts of an interval alike, that of blocks and that of the
rounds' disagreement: its half-width goes with one over the root of the number of rounds. If the true difference is the
one that was measured, it is told apart with the usual power of 80% once the interval's half-width, and 0.84 standard
errors beside it, are less than the difference (the sample size of textbooks: Cohen, *Statistical Power Analysis*,
1988); it is called a tie once they fit between the difference and 3%. Whichever comes first is said. Longer windows
shrink the part of blocks alone, so how much of the interval's variance is between rounds says whether they would help.

**Percentiles.** One that is withheld needs a known number of samples (serveoff.analyse.statistics.bootstrap), and the
point's own rate says how many seconds those take.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from scipy.special import ndtri

from serveoff.analyse.entries import Contest, Point
from serveoff.analyse.statistics.bootstrap import CONFIDENCE, PERCENTILES, all_pairs, min_samples
from serveoff.analyse.verdict import SAME_WITHIN
from serveoff.analyse.winners import MEASURES, Evidenced, Measure, figure
from serveoff.loadtests.recording.windows import Window
from serveoff.record.suite import Suite


@dataclass(frozen=True)
class MoreRounds:
    """What would probably decide one inconclusive contest."""

    objective: str
    winner: str
    runner_up: str
    difference: float
    """By how much the winner measured better: 0.02 is 2%."""
    rounds: int
    more: int | None
    """Rounds of the same length beside those measured; None: more than a run can have."""
    more_s: float | None
    tie: bool
    """More rounds would show that the two are the same within 3%, not which is better."""
    between_rounds: float
    """The share of the interval's variance that is between rounds, and that longer windows would not take away."""


@dataclass(frozen=True)
class MoreSamples:
    """What a withheld percentile needs: samples, and seconds of measuring at the point's own rate."""

    endpoint: str
    concurrency: int
    percentile: str
    samples: int
    needed: int
    more_s: float


@dataclass(frozen=True)
class MoreTime:
    """What more time would buy; empty where nothing is open."""

    rounds: tuple[MoreRounds, ...] = ()
    samples: tuple[MoreSamples, ...] = ()


POWER_Z: Final = 0.8416
"""Standard errors between the edge of the interval and the truth, for a power of 80%."""
MOST_ROUNDS: Final = 100
"""A run has no more: `serveoff run --rounds`."""


def study(evidence: Evidenced, suite: Suite, contests: tuple[Contest, ...]) -> MoreTime:
    """Every inconclusive contest over all contenders, and every withheld percentile of a plain point that may rank."""
    found = (_more_rounds(evidence, suite, a) for a in contests if a.scope == "all" and a.outcome == "inconclusive")
    return MoreTime(tuple(filter(None, found)), tuple(_withheld(evidence)))


def rounds_needed(difference: float, half_width: float, critical: float, rounds: int) -> tuple[int, bool]:
    """How many rounds in all would probably decide, and whether the decision would be a tie.

    `difference` and `half_width` are of the logarithm of a ratio, after so many `rounds`; `critical` is the number of
    standard errors in the half-width.
    """
    error = half_width / critical
    apart, same = abs(difference), max(math.log1p(SAME_WITHIN) - abs(difference), 0.0)
    tie = same > apart
    target = (same if tie else apart) / (critical + POWER_Z)
    needed = rounds * (error / target) ** 2 if target > 0 else math.inf
    return max(rounds + 1, math.ceil(min(needed, 1e9))), tie


def round_s(suite: Suite) -> float | None:
    """Seconds from the first window's start to the last one's end in a round: the median of the rounds."""
    rounds: dict[int, list[Window]] = {}
    for window in (w for result in suite.endpoints for w in result.windows if w.duration_s > 0):
        rounds.setdefault(window.round, []).append(window)
    spans = [max(w.start_s + w.duration_s for w in ws) - min(w.start_s for w in ws) for ws in rounds.values()]
    return median(spans) if spans else None


def _more_rounds(evidence: Evidenced, suite: Suite, contest: Contest) -> MoreRounds | None:
    margin, other = contest.margin, contest.runner_up
    measure = next((m for m in MEASURES if m.objective == contest.objective), None)
    if measure is None or margin is None or other is None or not margin.value or not margin.low or not margin.high:
        return None  # cold starts are not measured in rounds
    rounds = _rounds(evidence, measure, contest)
    difference = math.log(margin.value)
    half_width = max(difference - math.log(margin.low), math.log(margin.high) - difference)
    needed, tie = rounds_needed(difference, half_width, _critical(evidence, contest), rounds)
    each_s = round_s(suite)
    return MoreRounds(
        objective=contest.objective,
        winner=contest.winner.name,
        runner_up=other.name,
        difference=margin.value - 1,
        rounds=rounds,
        more=needed - rounds if needed <= MOST_ROUNDS else None,
        more_s=(needed - rounds) * each_s if each_s is not None and needed <= MOST_ROUNDS else None,
        tie=tie,
        between_rounds=_between_rounds(evidence, measure, contest, half_width),
    )


def _critical(evidence: Evidenced, contest: Contest) -> float:
    """How many standard errors the half-width of a margin holds: more, the more pairs and looks it holds for."""
    comparisons = max(1.0, all_pairs(contest.candidates) * evidence.looks)
    return float(ndtri(1 - (1 - CONFIDENCE) / 2 / comparisons))


def _points(evidence: Evidenced, measure: Measure, contest: Contest) -> list[Point]:
    names = (contest.winner.name, contest.runner_up.name if contest.runner_up else "")
    found = {entry.name: measure.point(entry) for entry in evidence.contenders}
    return [point for name in names if (point := found.get(name)) is not None]


def _rounds(evidence: Evidenced, measure: Measure, contest: Contest) -> int:
    return min((point.rounds for point in _points(evidence, measure, contest)), default=1)


def _between_rounds(evidence: Evidenced, measure: Measure, contest: Contest, half_width: float) -> float:
    """The share of the margin's variance that blocks do not explain."""
    both = [evidence.sampled[p.key][measure.statistic] for p in _points(evidence, measure, contest)]
    within = sum(float(np.log(sampled.replicates / sampled.value).var()) for sampled in both)
    whole = (half_width / _critical(evidence, contest)) ** 2
    return min(max(1 - within / whole, 0.0), 1.0)


def _withheld(evidence: Evidenced) -> Iterator[MoreSamples]:
    for entry in evidence.contenders:
        for point in entry.points:
            for name, quantile in PERCENTILES.items():
                found, rate = figure(point, name), point.throughput.value
                if found.value is None and found.withheld and rate:
                    short = min_samples(quantile) - point.samples
                    yield MoreSamples(
                        point.endpoint, point.concurrency, name, point.samples, min_samples(quantile), short / rate
                    )
