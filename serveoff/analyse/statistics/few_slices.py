"""What a few slices do not know of their own variance is taken from others under such a load.

A load that is asked for in every sixth round has two slices in one start and one in another: by Student's quantile its
interval reaches from a tenth to ten times of what it says. But others have been measured under that load as well. So
its variance is the mean of its own, by its degrees of freedom, and of what is usual among the others, which counts as
FREEDOM more: a moderated variance (Smyth, *Statistical Applications in Genetics and Molecular Biology* 2004). What is
usual is told without the point itself, by the mean of their logarithms, each without its bias. What is taken so is
noise of the point's own, normal as two slices' own deviations are not; in a ratio of two such points it does not
cancel. Points of many slices stay what they were.
"""

import zlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
from scipy.special import digamma, polygamma

from serveoff.analyse.statistics.draws import student
from serveoff.analyse.statistics.estimates import Array, stored
from serveoff.analyse.statistics.sampled import Sampled

Name = TypeVar("Name", bound=Hashable)
FREEDOM: Final = 3
"""That what is usual counts as: variances of endpoints under one load were seen to differ as those of 2 to 4 slices."""


def moderated(points: Mapping[Name, Sampled], seed: Sequence[int]) -> dict[Name, Sampled]:
    """The points of one statistic under one load, by their names; of one that is alone nothing is known beside it."""
    told = {name: _Told(sampled) for name, sampled in points.items() if sampled.degrees and sampled.slices.any()}
    return {
        name: _moderated(sampled, [own for other, own in told.items() if other != name], [*seed, _number(name)])
        for name, sampled in points.items()
    }


class _Told:
    """What one point says of the variance of a slice."""

    def __init__(self, sampled: Sampled) -> None:
        freedom = sampled.degrees
        variance = sampled.slices.var() * sampled.rounds / student(freedom) ** 2
        self.degrees = freedom
        self.log = float(np.log(variance) - digamma(freedom / 2) + np.log(freedom / 2))
        self.weight = 1 / float(polygamma(1, freedom / 2) + polygamma(1, FREEDOM / 2))


def _moderated(sampled: Sampled, others: Sequence[_Told], seed: Sequence[int]) -> Sampled:
    borrowed = min(FREEDOM, sum(other.degrees for other in others))
    noise: Array = np.random.default_rng(seed).standard_normal(sampled.slices.size)
    if not borrowed:
        return sampled if sampled.degrees else _between_starts(sampled, noise)
    log = np.average([other.log for other in others], weights=[other.weight for other in others])
    usual = float(np.exp(log + digamma(borrowed / 2) - np.log(borrowed / 2)))
    freedom = sampled.degrees + borrowed
    own = sampled.slices / (student(sampled.degrees) or 1.0) * np.sqrt(sampled.degrees / freedom)
    slices = (own + noise * np.sqrt(usual / sampled.rounds * borrowed / freedom)) * student(freedom)
    return replace(sampled, slices=stored(slices))


def _between_starts(sampled: Sampled, noise: Array) -> Sampled:
    """One slice of each start alone: how far they lie apart is all that is known of it."""
    logs = np.array([of.log for of in sampled.starts.values()])
    if logs.size < 2 or not logs.var():
        return sampled
    slices = noise * np.sqrt(logs.var(ddof=1) / logs.size) * student(logs.size - 1)
    return replace(sampled, slices=stored(slices))


def _number(name: Hashable) -> int:
    return zlib.crc32(str(name).encode())
