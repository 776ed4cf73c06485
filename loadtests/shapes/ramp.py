"""Ever more users, to see where latency leaves its floor."""

from __future__ import annotations

import math

LEVELS = 20
"""Few enough that each lasts a while, and so has enough requests to say something of it."""

RUN_TIME_S = 120.0
"""Without `--run-time`."""


def users(share: float, most: int) -> int:
    """From one user, or a twentieth, to all of them."""
    return max(1, math.ceil(most * math.floor(share * LEVELS + 1) / LEVELS))
