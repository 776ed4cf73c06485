"""Intervals of ratios whose verdicts hold for a whole family of pairs together, from the same draws (max-T).

The interval of each pair is its logarithm plus or minus c standard deviations of its replicates; c is such that the
largest of all pairs' deviations stays within c in as many replicates as the level says (Westfall and Young,
*Resampling-Based Multiple Testing*, 1993, section 2.5). Pairs that move together cost less than Bonferroni's bound.

**Steps.** Pairs that are told apart by that are set aside, and c is taken anew of those that are left, until no more
are told apart: an error was possible only among pairs that were still there (step-down: Romano and Wolf,
*Econometrica* 2005). So in 95% of runs no pair that is equal is told apart; each interval by itself holds in more.

**Looks.** Who looks at a run while it goes on, and stops or drops an endpoint by what is seen, errs more often than in
5 of 100 runs (Armitage, McPherson and Rowe 1969). So the number of looks is fixed before, and an early look must see
much more than a late one, by which all of them together err in 5 of 100 and the last has hardly less than all of it
(O'Brien and Fleming, *Biometrics* 1979).
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from serveoff.analyse.statistics.estimates import Z_95, Array, Estimate
from serveoff.analyse.statistics.sampled import Sampled
from serveoff.record.percentiles import CONFIDENCE

OBRIEN_FLEMING: Final = (1.960, 1.977, 2.004, 2.024, 2.040, 2.053, 2.063, 2.072, 2.080, 2.087)
"""Of the last of one to ten looks: Jennison and Turnbull, *Group Sequential Methods*, 2000, table 2.3."""


def boundary(look: int = 1, looks: int = 1) -> float:
    """How many standard deviations one statistic must move in the `look`-th of so many looks, from 1."""
    looks = min(looks, len(OBRIEN_FLEMING))
    return OBRIEN_FLEMING[looks - 1] * math.sqrt(looks / min(look, looks))


def ratios(
    pairs: Sequence[tuple[Sampled, Sampled]], bound: float = Z_95, processes: bool = False, margin: float = 0.0
) -> list[Estimate]:
    """`a / b` of every pair, with intervals whose verdicts all hold in 95% of runs; without bounds where none is known.

    With another bound than that of a single look they are wider by as much, which is a little more than it takes. With
    `processes` they are of the processes that ran, without what a start adds. A `margin` is a difference, as a share,
    that is to be told from greater ones: pairs are set aside only where they differ by more.
    """
    reach, _ = _step_down(pairs, bound, processes, margin)
    return [_ratio(a, b, float(r), processes) for (a, b), r in zip(pairs, reach, strict=True)]


def differences_seen(pairs: Sequence[tuple[Sampled, Sampled]], bound: float = Z_95, margin: float = 0.0) -> list[float]:
    """The least difference of each pair, as a share, that would have told it apart from the others' by now.

    That is by the last step; of pairs whose statistics never varied nothing is known.
    """
    _, least = _step_down(pairs, bound, False, margin)
    return [math.expm1(reach) for reach in least if reach]


def _step_down(
    pairs: Sequence[tuple[Sampled, Sampled]], bound: float, processes: bool, margin: float
) -> tuple[Array, Array]:
    """How far the interval of each pair reaches, (pairs,), by the step in which it was told apart; and by the last."""
    if not pairs:
        return np.empty(0), np.empty(0)
    moved = np.stack([_moved(a, processes) - _moved(b, processes) for a, b in pairs])
    beyond = np.abs([math.log(a.value / b.value) for a, b in pairs]) - math.log1p(margin)
    deviation = moved.std(axis=1)
    reach, left, least = np.zeros(len(pairs)), deviation > 0, 0.0
    largest = np.abs(np.divide(moved, deviation[:, None], where=left[:, None], out=np.zeros_like(moved)))
    told = left
    while told.any() and left.any():
        least = float(np.quantile(largest[left].max(axis=0), CONFIDENCE)) * bound / Z_95
        reach[left] = least * deviation[left]
        told = left & (beyond > reach)
        left = left & ~told
    return reach, least * deviation


def _moved(sampled: Sampled, processes: bool) -> Array:
    return sampled.slices if processes else sampled.deviations


def _ratio(a: Sampled, b: Sampled, reach: float, processes: bool) -> Estimate:
    value, samples = a.value / b.value, min(a.samples, b.samples)
    if not (_moved(a, processes).any() and _moved(b, processes).any()):
        return Estimate(value, None, None, samples)
    return Estimate(value, value * float(np.exp(-reach)), value * float(np.exp(reach)), samples)
