"""The gate of `serveoff compare A B`: which endpoints got slower, by more than the noise and more than a threshold.

Every endpoint, load and statistic that both runs have is one comparison, and with dozens of them some 95% intervals
leave 1 out by chance alone. So the interval of each is widened for their number (Bonferroni: Dunn, *Multiple
Comparisons Among Means*, 1961), on the scale of logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scipy.special import ndtri

from comparison.stats import CONFIDENCE, Estimate
from comparison.versus import Line, Pair, Versus

THRESHOLD: Final = 0.05
"""Slower by less than this is no regression, however sure it is."""


@dataclass(frozen=True)
class Regression:
    """One endpoint that got worse.

    `ratio` is how many times faster B is, below 1; None where B's point does not count.
    """

    line: Line
    statistic: str
    ratio: Estimate | None
    why: str


def regressions(found: Versus, threshold: float = THRESHOLD) -> list[Regression]:
    """Every regression of the endpoints that may rank, worst first; broken ones before slower ones."""
    lines = [line for line in found.lines if line.entry.role == "contender"]
    compared = [(line, pair) for line in lines for pair in line.pairs if pair.ratio is not None]
    slower = [r for line, pair in compared if (r := _slower(line, pair, len(compared), threshold))]
    return [*_broken(lines), *sorted(slower, key=lambda r: r.ratio.value if r.ratio and r.ratio.value else 0.0)]


def widened(ratio: Estimate, comparisons: int) -> Estimate:
    """The interval that holds with 95% for all of so many comparisons together."""
    if ratio.value is None or ratio.low is None or ratio.high is None or comparisons < 2:
        return ratio
    alone, all_of_them = (float(ndtri(1 - (1 - CONFIDENCE) / 2 / count)) for count in (1, comparisons))
    below, above = (math.log(ratio.value / ratio.low), math.log(ratio.high / ratio.value))
    low, high = (side * all_of_them / alone for side in (below, above))
    return Estimate(ratio.value, ratio.value * math.exp(-low), ratio.value * math.exp(high), ratio.samples)


def _slower(line: Line, pair: Pair, comparisons: int, threshold: float) -> Regression | None:
    assert pair.ratio is not None
    ratio = widened(pair.ratio, comparisons)
    if ratio.value is None or ratio.high is None or ratio.high >= 1 or ratio.value > 1 / (1 + threshold):
        return None
    return Regression(line, pair.statistic, ratio, "slower")


def _broken(lines: list[Line]) -> Iterator[Regression]:
    """A point that counted and now does not is worse than a slower one."""
    for line in lines:
        if line.a is not None and line.a.valid and line.b is not None and not line.b.valid:
            reasons = "; ".join(finding.seen for finding in line.b.verdict.reasons)
            yield Regression(line, "verdict", None, f"no longer VALID: {reasons}")
