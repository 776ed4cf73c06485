"""The gate of `serveoff compare A B`: which endpoints got slower, by more than the noise and more than a threshold.

Every endpoint, load and statistic that both runs have is one comparison, and with dozens of them some 95% intervals
leave 1 out by chance alone. So the interval of each is widened for their number:
`serveoff.analyse.statistics.bootstrap.simultaneous`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from serveoff.analyse.run_diff import Line, Pair, Versus
from serveoff.analyse.statistics.bootstrap import Estimate, simultaneous

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


def _slower(line: Line, pair: Pair, comparisons: int, threshold: float) -> Regression | None:
    assert pair.ratio is not None
    ratio = simultaneous(pair.ratio, comparisons)
    if ratio.value is None or ratio.high is None or ratio.high >= 1 or ratio.value > 1 / (1 + threshold):
        return None
    return Regression(line, pair.statistic, ratio, "slower")


def _broken(lines: list[Line]) -> Iterator[Regression]:
    """A point that counted and now does not is worse than a slower one."""
    for line in lines:
        if line.a is not None and line.a.valid and line.b is not None and not line.b.valid:
            reasons = "; ".join(finding.seen for finding in line.b.verdict.reasons)
            yield Regression(line, "verdict", None, f"no longer VALID: {reasons}")
