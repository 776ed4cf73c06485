"""The search for the highest arrival rate that holds an objective: halving in logarithms, then repeats at the edge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS, Load, Seek, Stage, round_rate

EDGE_SHARE: Final = 1 / 3
"""Of the probes, so many repeat the two rates between which the edge was found."""
NEAR: Final = 1.1
"""While nothing failed, the highest rate itself is tried once it is this near."""
FURTHER: Final = 1.25
"""Where even the highest rate held, how much further to look."""

Probe = Callable[[Stage, Seek], bool]
"""Measures one window and says whether it held."""


def seek(search: Seek, probe: Probe) -> None:
    """Make all probes of a search. What they gave is in the windows; their judgement here only chooses rates."""
    low, high, held, failed = search.low, search.high, False, False
    repeats = round(search.probes * EDGE_SHARE) if search.probes > 2 else 0
    for _ in range(search.probes - repeats):
        rate = high if not failed and high / low < NEAR else math.sqrt(low * high)
        if probe(_stage(rate, search), search):
            low, held = rate, True
            high = rate * FURTHER if rate == high else high
        else:
            high, failed = rate, True
    # Where nothing failed, the edge lies higher still: then that is where to look.
    edges = [rate for rate, seen in ((low, held and failed), (high, True)) if seen]
    for number in range(repeats):
        probe(_stage(edges[number % len(edges)], search), search)


def _stage(rate: float, search: Seek) -> Stage:
    return Stage(Load(OPEN_LOOP_CONNECTIONS, "poisson", round_rate(rate)), search.duration_s)
