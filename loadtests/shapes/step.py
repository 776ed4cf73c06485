"""A staircase, to see how the server settles at each load."""

from __future__ import annotations

import math

LEVELS = 5

RUN_TIME_S = 60.0
"""Without `--run-time`."""


def users(share: float, most: int) -> int:
    """From a fifth of the users to all of them, each step as long as the others."""
    return math.ceil(most * math.floor(share * LEVELS + 1) / LEVELS)
