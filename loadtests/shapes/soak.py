"""A steady load for long, to see whether latency drifts and memory grows."""

from __future__ import annotations

import math

WARM_UP = 0.05

RUN_TIME_S = 600.0
"""Without `--run-time`."""


def users(share: float, most: int) -> int:
    """Half the users for the first twentieth, then all of them to the end."""
    return math.ceil(most / 2) if share < WARM_UP else most
