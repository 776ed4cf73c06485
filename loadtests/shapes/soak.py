"""A steady load for long, to see whether latency drifts and memory grows."""

from __future__ import annotations

import math

from loadtests.shapes import Shape

WARM_UP = 0.05


class Soak(Shape):
    """Half the users for the first twentieth, then all of them to the end."""

    run_time_s = 600.0

    @staticmethod
    def users(share: float, most: int) -> int:
        """All, once the server is warm."""
        return math.ceil(most / 2) if share < WARM_UP else most
