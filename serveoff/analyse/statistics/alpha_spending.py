"""The price of looking: a run that may end early shares its 5% of error among the rounds after which it is looked at.

Who looks at the answers after every round, and stops at the first difference, sees differences between equal endpoints
more often than 5 times in 100 (Armitage, McPherson and Rowe, *Repeated Significance Tests on Accumulating Data*, 1969).
So each look may err a little only. How much goes by the share of the rounds that is measured, with the spending
function of Lan and DeMets (*Biometrika* 1983) that is like O'Brien and Fleming's bounds: little at first, when the
noise between rounds is hardly known, and most at the end, so that a run that did not stop early loses little for having
been looked at. What a look may spend beyond the ones before is all that it uses (Bonferroni's inequality): that asks
for neither normal increments nor a known variance, which two or three rounds could not promise.
"""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri

from serveoff.analyse.statistics.bootstrap import CONFIDENCE
from serveoff.record.settings import FIRST_LOOK, RunSettings


def price(settings: RunSettings, rounds: int) -> float:
    """By how much the error allowed after so many rounds is smaller than the run's 5%: 1 where it cannot end early."""
    if settings.looks < 2:
        return 1.0
    seen = min(max(rounds, FIRST_LOOK), settings.rounds)
    before = _spent((seen - 1) / settings.rounds) if seen > FIRST_LOOK else 0.0
    return (1 - CONFIDENCE) / (_spent(seen / settings.rounds) - before)


def _spent(share: float) -> float:
    """The error that may be spent by the time this share of the rounds is measured."""
    return float(2 * ndtr(-ndtri(1 - (1 - CONFIDENCE) / 2) / math.sqrt(share)))
