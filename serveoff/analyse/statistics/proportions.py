"""Shares of samples with 95% intervals: one by one, and the difference of two on the same samples."""

import math
from collections.abc import Sequence

from scipy.stats import binomtest

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.record.percentiles import CONFIDENCE


def proportion(count: int, samples: int) -> Estimate:
    """A share with Wilson's score interval (E. B. Wilson, JASA 22, 1927, 209-212)."""
    bounds = binomtest(count, samples).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(count / samples, float(bounds.low), float(bounds.high), samples)


def paired_difference(first: Sequence[bool], second: Sequence[bool]) -> Estimate:
    """The first share less the second, on the same samples, with Newcombe's square-and-add interval.

    Method 10 of R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based on
    paired data, Statistics in Medicine 17, 1998, 2635-2650: Wilson's intervals of both shares, joined by how strongly
    the two go together. Samples on which both agree say nothing of the difference, and so are not counted as if they
    were independent.
    """
    samples = len(first)
    both = sum(a and b for a, b in zip(first, second, strict=True))
    ones = sum(first), sum(second)
    one, other = (proportion(count, samples) for count in ones)
    (p, low, high), (q, its_low, its_high) = _bounds(one), _bounds(other)
    phi = _correlation(both, ones[0] - both, ones[1] - both, samples - ones[0] - ones[1] + both)
    below = _joined(p - low, its_high - q, phi)
    above = _joined(high - p, q - its_low, phi)
    return Estimate(p - q, max(p - q - below, -1.0), min(p - q + above, 1.0), samples)


def _bounds(share: Estimate) -> tuple[float, float, float]:
    assert share.value is not None
    assert share.low is not None
    assert share.high is not None
    return share.value, share.low, share.high


def _joined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(one**2 - 2 * phi * one * other + other**2, 0.0))


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """Of two answers to one sample, by how many samples had each outcome; with Newcombe's correction for continuity."""
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not product:
        return 0.0
    excess = both * neither - first * second
    if excess > 0:
        excess = max(excess - (both + first + second + neither) / 2, 0.0)  # type: ignore[assignment]
    return excess / math.sqrt(product)
