"""How the number of users changes in a test by hand: up to `--users`, and to its end after `--run-time`."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

NONE: Final = "none"
"""The choice of no shape: all users, until the test is ended."""
MOST_USERS: Final = 1000
SHORTEST_S, LONGEST_S = 10, 3600
"""Locust looks at a shape once a second, and must not miss a fifth of the test; rows are in memory until its end."""


@dataclass(frozen=True)
class Shape:
    """`users` says how many run once that share of the run time, in [0, 1), has passed: 1 to the most."""

    run_time_s: float
    """Without `--run-time`."""
    users: Callable[[float, int], int]


class ShapeError(Exception):
    """A shape cannot be run as asked; the message says what to change."""


def _stairs(levels: int, share: float, most: int) -> int:
    return max(1, math.ceil(most * math.floor(share * levels + 1) / levels))


def _spike(share: float, most: int) -> int:
    """A tenth of the users, all of them for the middle fifth, a tenth again."""
    return most if 0.4 <= share < 0.6 else max(1, round(most / 10))


def _soak(share: float, most: int) -> int:
    """Half the users for the first twentieth, then all of them."""
    return most if share >= 0.05 else math.ceil(most / 2)


SHAPES: Final[Mapping[str, Shape]] = {
    "ramp": Shape(120.0, partial(_stairs, 20)),  # to see where latency leaves its floor
    "soak": Shape(600.0, _soak),  # to see whether latency drifts and memory grows
    "spike": Shape(60.0, _spike),  # what a sudden crowd does to latency, and how soon that is over
    "step": Shape(60.0, partial(_stairs, 5)),  # to see how the server settles at each load
}
CHOICES: Final = (NONE, *SHAPES)


def check_shape(options: Any) -> None:
    """ShapeError where a shape is too large or too long."""
    if options.shape == NONE:
        return
    if not 1 <= (options.num_users or 1) <= MOST_USERS:
        raise ShapeError(f"a shape has 1 to {MOST_USERS} users, not {options.num_users}: change --users")
    if not SHORTEST_S <= (options.run_time or SHORTEST_S) <= LONGEST_S:
        raise ShapeError(
            f"a shape takes {SHORTEST_S} to {LONGEST_S} seconds, not {options.run_time}: change --run-time"
        )
