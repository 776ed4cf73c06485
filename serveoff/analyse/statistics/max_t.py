"""Intervals of ratios that hold for a whole family of pairs together, from the same draws (max-T).

The interval of each pair is its logarithm plus or minus c standard deviations of its replicates; c is such that the
largest of all pairs' deviations stays within c in as many replicates as the level says (Westfall and Young,
*Resampling-Based Multiple Testing*, 1993, section 2.5). Pairs that move together cost less than Bonferroni's bound.

**Looks.** Who looks at a run while it goes on, and stops or drops an endpoint by what is seen, errs more often than in
5 of 100 runs (Armitage, McPherson and Rowe 1969). So the number of looks is fixed before, and each is taken at the
same nominal level, by which all of them together err in 5 of 100 (Pocock, *Biometrika* 1977).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import ndtr

from serveoff.analyse.statistics.estimates import Array, Estimate
from serveoff.analyse.statistics.sampled import Sampled

POCOCK: Final = (1.960, 2.178, 2.289, 2.361, 2.413, 2.453, 2.485, 2.512, 2.535, 2.555)
"""Critical values of one to ten looks: Jennison and Turnbull, *Group Sequential Methods*, 2000, table 2.1."""


def level(looks: int) -> float:
    """The error that one of so many looks may make."""
    return float(2 * ndtr(-POCOCK[min(looks, len(POCOCK)) - 1]))


def ratios(pairs: Sequence[tuple[Sampled, Sampled]], error: float, processes: bool = False) -> list[Estimate]:
    """`a / b` of every pair, with intervals that all hold in 1 - `error` of runs; without bounds where none is known.

    With `processes` they are of the processes that ran, without what a start adds.
    """
    if not pairs:
        return []
    moved = np.stack([_moved(a, processes) - _moved(b, processes) for a, b in pairs])
    deviation = moved.std(axis=1)
    varies = deviation > 0
    largest = np.abs(moved[varies] / deviation[varies, None]).max(axis=0, initial=0.0)
    reach = float(np.quantile(largest, 1 - error)) * deviation
    return [_ratio(a, b, float(r), processes) for (a, b), r in zip(pairs, reach, strict=True)]


def _moved(sampled: Sampled, processes: bool) -> Array:
    return sampled.slices if processes else sampled.deviations


def _ratio(a: Sampled, b: Sampled, reach: float, processes: bool) -> Estimate:
    value, samples = a.value / b.value, min(a.samples, b.samples)
    if not (_moved(a, processes).any() and _moved(b, processes).any()):
        return Estimate(value, None, None, samples)
    return Estimate(value, value * float(np.exp(-reach)), value * float(np.exp(reach)), samples)
