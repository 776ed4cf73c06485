"""A staircase, to see how the server settles at each load."""

from __future__ import annotations

import math

from loadtests.shapes import Shape

LEVELS = 5


class Step(Shape):
    """From a fifth of the users to all of them, each step as long as the others."""

    @staticmethod
    def users(share: float, most: int) -> int:
        """Grows by a fifth at a time."""
        return math.ceil(most * math.floor(share * LEVELS + 1) / LEVELS)
