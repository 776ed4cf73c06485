"""The search for the highest arrival rate that holds an objective: halving in logarithms, then repeats at the edge."""

import math
from collections.abc import Callable
from typing import Final

from serveoff.loadtests.loads import round_rate

EDGE_SHARE: Final = 1 / 3
"""Of the probes, so many repeat the two rates between which the edge was found."""
NEAR: Final = 1.1
"""While nothing failed, the highest rate itself is tried once it is this near."""
FURTHER: Final = 1.25
"""Where even the highest rate held, how much further to look."""


def seek(low: float, high: float, probes: int, holds: Callable[[float], bool]) -> None:
    """Make so many probes of rates from `low` to `high`; `holds` measures one and says whether it held.

    What the probes gave is in the windows; their judgement here only chooses rates.
    """
    held, failed = False, False
    repeats = round(probes * EDGE_SHARE) if probes > 2 else 0
    for _ in range(probes - repeats):
        rate = high if not failed and high / low < NEAR else math.sqrt(low * high)
        if holds(round_rate(rate)):
            low, held = rate, True
            high = rate * FURTHER if rate == high else high
        else:
            high, failed = rate, True
    # Where nothing failed, the edge lies higher still: then that is where to look.
    edges = [rate for rate, seen in ((low, held and failed), (high, True)) if seen]
    for number in range(repeats):
        holds(round_rate(edges[number % len(edges)]))
