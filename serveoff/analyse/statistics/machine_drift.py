"""How far the machine's own drift may have moved all figures of a run together.

It cancels in every ratio of one run, and in no figure that stands alone or beside another run's. Rounds that follow one
another are alike on a machine that drifts, so their number says little of how well its mean is known: the means of a
few long stretches do (batch means: Schmeiser, *Operations Research* 1982). Drift that lasts longer than a stretch is
seen in part: no run can know the mean of a machine that changes as slowly as that.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

from serveoff.analyse.statistics.common_drift import beyond_usual
from serveoff.analyse.statistics.estimates import Z_95, Array
from serveoff.analyse.statistics.sampled import SliceSample
from serveoff.record.percentiles import CONFIDENCE

STRETCHES: Final = 4
LEAST_ROUNDS: Final = 2 * STRETCHES


@dataclass(frozen=True)
class MachineDrift:
    """Standard errors of a logarithm, such that 1.96 of them are 95%; 0 where nothing is seen, or of too few rounds."""

    beyond: float = 0.0
    """What drift adds to what rounds say that are drawn again: for figures that hold the drift of their rounds."""
    whole: float = 0.0
    """Of the machine's mean speed: for figures at that speed (serveoff.analyse.statistics.common_drift)."""


def machine_drift(points: Iterable[Sequence[SliceSample]]) -> MachineDrift:
    """How far the mean of the run's rounds may lie from the machine's, from slices as they were."""
    common = _by_round(points)
    if common.size < LEAST_ROUNDS:
        return MachineDrift()
    stretches = np.array_split(common, STRETCHES)
    between = float(np.var([stretch.mean() for stretch in stretches], ddof=1)) / STRETCHES
    within = float(np.mean([stretch.var(ddof=1) for stretch in stretches])) / common.size
    wider = float(stdtrit(STRETCHES - 1, (1 + CONFIDENCE) / 2)) / Z_95
    return MachineDrift(*(wider * math.sqrt(max(left, 0.0)) for left in (between - within, between)))


def _by_round(points: Iterable[Sequence[SliceSample]]) -> Array:
    """By how much each round was slower for all, logarithms, (rounds,)."""
    slower: dict[int, list[float]] = defaultdict(list)
    for (_, round_), beyond in beyond_usual(points).items():
        slower[round_] += beyond
    return np.array([np.mean(slower[round_]) for round_ in sorted(slower)])
