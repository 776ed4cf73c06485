"""How the number of users changes in a test by hand: one module per shape, found by its name.

A shape goes up to `--users` and ends after `--run-time`. Each number of users is a window of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Final, Protocol, cast

NONE: Final = "none"
"""The choice of no shape: all users, until the test is ended."""
MOST_USERS: Final = 1000
SHORTEST_S, LONGEST_S = 10, 3600
"""Locust looks at a shape once a second, and must not miss a fifth of the test; rows are in memory until its end."""


class ShapeModule(Protocol):
    """What a module of this package has."""

    RUN_TIME_S: float
    """Without `--run-time`."""

    def users(self, share: float, most: int) -> int:
        """How many run once that share of the run time, in [0, 1), has passed: 1 to `most`."""


class ShapeError(Exception):
    """A shape cannot be run as asked; the message says what to change."""


def shape_names() -> list[str]:
    """What there is to choose."""
    return [NONE, *(module.name for module in pkgutil.iter_modules(__path__))]


def find(name: str) -> ShapeModule:
    """The module of this shape."""
    return cast(ShapeModule, importlib.import_module(f"{__name__}.{name}"))


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
