"""What a few repeats of one figure say: their median, and how far apart they lie, called by its right name.

Fewer than six values have no two-sided 95% interval for their median, whatever is done to them (Hahn and Meeker,
*Statistical Intervals*, 1991, section 5.2): what is given then is their range. From six on it is the interval between
two order statistics, which assumes no distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from scipy.special import bdtr

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import TIED_WITHIN, Outcome, difference
from serveoff.record.percentiles import CONFIDENCE, min_samples

Bounds = Literal["none", "range", "interval"]


@dataclass(frozen=True)
class Spread:
    """The median of so many values, and what lies around it: nothing, their range, or a 95% interval for it."""

    value: float
    low: float | None
    high: float | None
    count: int
    bounds: Bounds

    @property
    def estimate(self) -> Estimate:
        """The same figures; whoever prints them must say what the bounds are."""
        return Estimate(self.value, self.low, self.high, self.count)

    def over(self, figure: float) -> Spread:
        """Every part of it in units of another figure, which is taken for exact."""
        low, high = (None if bound is None else bound / figure for bound in (self.low, self.high))
        return Spread(self.value / figure, low, high, self.count, self.bounds)


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of some values; None where there are none."""
    if not values:
        return None
    ordered = sorted(values)
    bounds = bounds_of(len(ordered))
    if bounds == "none":
        return Spread(ordered[0], None, None, 1, bounds)
    outside = _outside(len(ordered))
    return Spread(median(ordered), ordered[outside], ordered[-1 - outside], len(ordered), bounds)


def bounds_of(count: int) -> Bounds:
    """What can be said around the median of so many values."""
    if count < 2:
        return "none"
    return "interval" if count >= min_samples(0.5) else "range"


def margin(better: Spread, other: Spread) -> Estimate:
    """How many times the other is `better`; its bounds are the least and the most that both spreads allow."""
    value, samples = other.value / better.value, min(better.count, other.count)
    if better.low is None or better.high is None or other.low is None or other.high is None:
        return Estimate(value, None, None, samples)
    return Estimate(value, other.low / better.high, other.high / better.low, samples)


def apart(better: Spread, other: Spread) -> Outcome:
    """`faster` where the two do not overlap; `tied` where both lie within 5%; else `undecided`, or `no interval`.

    Ranges hold less than intervals do: those of three equal starts each do not overlap in one of ten. So they must lie
    apart by more than a tie.
    """
    ratio = margin(better, other)
    found = difference(ratio)
    near = "range" in (better.bounds, other.bounds) and (ratio.low or 0.0) <= 1 + TIED_WITHIN
    return "undecided" if found == "faster" and near else found


def _outside(count: int) -> int:
    """Values to leave out at each end: as many as 95% still cover the median without them."""
    tail = (1 - CONFIDENCE) / 2
    return max((k for k in range(count // 2) if bdtr(k, count, 0.5) <= tail), default=0)
