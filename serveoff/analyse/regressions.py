"""The gate of `serveoff compare A B`: which endpoints got slower, by more than the noise and more than a threshold.

With dozens of comparisons some 95% intervals exclude 1 by chance alone: the verdicts of `serveoff.analyse.run_diff`
hold for all of a statistic together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from serveoff.analyse.run_diff import Line, Pair, Versus
from serveoff.analyse.statistics.estimates import Estimate

THRESHOLD: Final = 0.05
"""Slower by less than this is no regression, however sure it is."""


@dataclass(frozen=True)
class Regression:
    """One endpoint that got worse.

    `ratio` is how many times faster B is, below 1; None where B has no point that counts.
    """

    line: Line
    statistic: str
    ratio: Estimate | None
    why: str


def regressions(found: Versus, threshold: float = THRESHOLD) -> list[Regression]:
    """Every regression of the endpoints that may rank, worst first; broken ones before slower ones."""
    lines = [line for line in found.lines if line.entry.role == "contender"]
    slower = [r for line in lines for pair in line.pairs if (r := _slower(line, pair, threshold))]
    return [*_broken(lines), *sorted(slower, key=lambda r: r.ratio.value if r.ratio and r.ratio.value else 0.0)]


def _slower(line: Line, pair: Pair, threshold: float) -> Regression | None:
    ratio = pair.ratio
    if pair.word != "slower" or ratio is None or ratio.value is None or ratio.value > 1 / (1 + threshold):
        return None
    return Regression(line, pair.statistic, ratio, "slower")


def _broken(lines: list[Line]) -> Iterator[Regression]:
    """A point that counted and now does not, or cannot be measured any more, is worse than a slower one."""
    for line in lines:
        if line.a is None or not line.a.valid:
            continue
        if line.failed is not None:
            yield Regression(line, "verdict", None, f"no longer VALID: it could not run: {line.failed.text}")
        elif line.b is not None and not line.b.valid:
            reasons = "; ".join(finding.seen for finding in line.b.verdict.reasons)
            yield Regression(line, "verdict", None, f"no longer VALID: {reasons}")
