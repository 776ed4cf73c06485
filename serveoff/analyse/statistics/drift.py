"""Whether a window was steady: a test for a trend or a shift of level within it, on the medians of its blocks.

The test is Mann and Kendall's (Kendall, *Rank Correlation Methods*, 1975): the sign of the change between every two
blocks, which a trend and a shift of level move alike, and a few outliers do not. Neighbouring blocks that resemble each
other make it see trends where there are none, so its variance is widened by the correlation of neighbours that is left
when a straight line (Theil 1950, Sen 1968) or a step, whichever fits better, is taken out (Yue and Wang 2004, lag one).
Over a point's windows the scores are summed (Hirsch, Slack and Smith 1982): a trend that most windows share is seen
though none shows it alone. What is too small to matter is left alone, however sure it is: the last third's median over
the first third's says how much changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr
from scipy.stats import theilslopes

from serveoff.analyse.statistics.blocks import MIN_BLOCKS, Array, WindowSample, cut_blocks
from serveoff.analyse.verdict import Finding, FindingCode

SIGNIFICANCE: Final = 0.01
"""Of the tests of one point together: a steady point is called unsteady about this often."""
CHANGE_CAUTION: Final = 1.1
CHANGE_FATAL: Final = 1.5
"""The last third's median latency over the first third's, or the other way round."""
BLOCKS: Final = 40
"""At most so many a window: twice those of the bootstrap, for a shift is seen the better the more ranks there are."""
THIRD: Final = 3
MOST_LAG: Final = 0.9
ROUNDING: Final = 1e-20


@dataclass(frozen=True)
class Trend:
    """One window: Kendall's score of its block medians against time, its variance, and how many times they changed.

    `change` is the median of the last third of the blocks over that of the first; above 1 the window became slower.
    """

    round: int
    score: float
    variance: float
    change: float

    @property
    def p_value(self) -> float:
        """Of no trend, two-sided."""
        return _p_value(self.score, self.variance)


def trend(sample: WindowSample, round_: int) -> Trend | None:
    """The trend of one window; None where fewer than four blocks hold a request."""
    if not sample.latency_s.size or sample.duration_s <= 0:
        return None
    medians = block_medians(sample)
    if medians.size < MIN_BLOCKS:
        return None
    third = max(1, medians.size // THIRD)
    change = float(np.median(medians[-third:]) / np.median(medians[:third]))
    return Trend(round_, *kendall(medians), change)


def block_medians(sample: WindowSample) -> Array:
    """The median latency of each block that holds a request, in the order of time."""
    block, block_s = cut_blocks([sample], float(np.median(sample.latency_s)), BLOCKS)
    order = np.lexsort((sample.latency_s, block))
    counts = np.bincount(block, minlength=block_s.size)
    ends = np.cumsum(counts)
    starts, filled = ends - counts, counts > 0
    ordered = sample.latency_s[order]
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    medians: Array = (ordered[low[filled]] + ordered[high[filled]]) / 2
    return medians


def kendall(values: Array) -> tuple[float, float]:
    """Kendall's score of values against their order, and its variance without a trend: ties and neighbours count."""
    n = values.size
    score = float(np.sign(np.subtract.outer(values, values))[np.tril_indices(n, -1)].sum())
    _, tied = np.unique(values, return_counts=True)
    variance = _untied(n) - sum(_untied(int(count)) for count in tied)
    return score, variance * _inflation(values)


def findings(trends: Sequence[Trend], closed_loop: bool) -> Iterator[Finding]:
    """What to say of a point's windows: of all together, or else of the few that were not steady."""
    unsteady = [t for t in trends if t.p_value < SIGNIFICANCE / (len(trends) + 1) and _size(t.change) > CHANGE_CAUTION]
    usual = float(np.median([t.change for t in trends])) if trends else 1.0
    if _shared(trends) and _size(usual) > CHANGE_CAUTION:
        where = f"within its {len(trends)} windows" if len(trends) > 1 else "within its window"
        yield _drift(usual, where, closed_loop)
    elif len(unsteady) * 2 > len(trends):
        typical = sorted(unsteady, key=lambda t: _size(t.change))[len(unsteady) // 2]
        yield _drift(typical.change, f"within {len(unsteady)} of {len(trends)} windows", closed_loop)
    elif unsteady:
        yield _few(unsteady)


def _drift(change: float, where: str, closed_loop: bool) -> Finding:
    fatal = _size(change) > CHANGE_FATAL
    if change > 1 and not closed_loop:
        why = "a queue that grows has no steady latency: the longer the window, the longer it would be"
        advice = "ask for a lower rate (`--open`): more requests came than were served"
        return Finding(FindingCode.DRIFT, fatal, _seen(change, where), why, advice)
    why = "the figures are of a server or machine in between: other windows would give others"
    advice = "lengthen the warm-up (`--warmup`) and the windows (`--duration`); close other programs"
    return Finding(FindingCode.DRIFT, fatal, _seen(change, where), why, advice)


def _few(unsteady: Sequence[Trend]) -> Finding:
    """A minority of the windows: never fatal, for the others hold it in check."""
    worst = max(unsteady, key=lambda t: _size(t.change))
    rounds = ", ".join(str(t.round) for t in unsteady)
    seen = _seen(worst.change, f"within the window of round {rounds}")
    if [t.round for t in unsteady] == [1] and worst.change < 1:
        why = "the server was still warming up: just-in-time compilers and caches need requests before they are quick"
        return Finding(FindingCode.SHORT_WARMUP, False, seen, why, "lengthen the warm-up: `--warmup`")
    why = "something else used the machine for a time; the other rounds were steady"
    return Finding(FindingCode.DRIFT, False, seen, why, "close other programs, add rounds")


def _seen(change: float, where: str) -> str:
    how = f"grew by {change - 1:.0%}" if change > 1 else f"fell by {1 - change:.0%}"
    return f"latency {how} {where} (median of the last third over the first)"


def _shared(trends: Sequence[Trend]) -> bool:
    """Whether the windows together have a trend."""
    variance = sum(t.variance for t in trends)
    return bool(trends) and _p_value(sum(t.score for t in trends), variance) < SIGNIFICANCE / (len(trends) + 1)


def _size(change: float) -> float:
    return max(change, 1 / change)


def _p_value(score: float, variance: float) -> float:
    """By the normal distribution, with the correction for a score that goes by steps."""
    return float(2 * ndtr(-max(abs(score) - 1, 0.0) / math.sqrt(variance))) if variance > 0 else 1.0


def _untied(n: int) -> float:
    return n * (n - 1) * (2 * n + 5) / 18


def _inflation(values: Array) -> float:
    """How many times larger the variance is for that correlation of neighbours that no line and no step explains."""
    left = min(_off_line(values), _off_step(values), key=lambda residuals: float(residuals @ residuals))
    total = float(left @ left)
    lag = float(left[1:] @ left[:-1]) / total if total > ROUNDING * float(values @ values) else 0.0
    lag = min(max(lag, 0.0), MOST_LAG)
    return (1 + lag) / (1 - lag)


def _off_line(values: Array) -> Array:
    time = np.arange(values.size, dtype=float)
    left = values - theilslopes(values, time).slope * time
    centred: Array = left - left.mean()
    return centred


def _off_step(values: Array) -> Array:
    """What is left of the values when the two levels that fit them best are taken out."""
    splits = range(1, values.size)
    residuals = (np.concatenate([part - part.mean() for part in (values[:at], values[at:])]) for at in splits)
    return min(residuals, key=lambda left: float(left @ left))
