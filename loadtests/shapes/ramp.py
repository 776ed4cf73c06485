"""Ever more users, to see where latency leaves its floor."""

from __future__ import annotations

import math

from loadtests.shapes import Shape

LEVELS = 20
"""Few enough that each lasts a while, and so has enough requests to say something of it."""


class Ramp(Shape):
    """From one user, or a twentieth, to all of them."""

    run_time_s = 120.0

    @staticmethod
    def users(share: float, most: int) -> int:
        """Grows in small steps."""
        return max(1, math.ceil(most * math.floor(share * LEVELS + 1) / LEVELS))
