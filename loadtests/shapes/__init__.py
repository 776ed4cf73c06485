"""How the number of users changes in a test by hand: one module per shape with one class, found by its name.

A shape goes up to `--users` and ends after `--run-time`. Each number of users is a window of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, Final, cast

from locust import LoadTestShape

NONE: Final = "none"
"""The choice of no shape: all users, until the test is ended."""
MOST_USERS: Final = 1000
SHORTEST_S, LONGEST_S = 10, 3600
"""Locust looks at a shape once a second, and must not miss a fifth of the test; rows are in memory until its end."""


class ShapeError(Exception):
    """A shape cannot be run as asked; the message says what to change."""


class Shape(LoadTestShape):  # type: ignore[misc]  # Locust is not typed for strict mode
    """What the shapes have in common. A shape adds `users`."""

    abstract = True
    use_common_options = True
    run_time_s = 60.0
    """Without `--run-time`."""

    def __init__(self, environment: Any, changing: Callable[[], None]) -> None:
        super().__init__()
        self.runner, self._options, self._changing = environment.runner, environment.parsed_options, changing
        self._users, self._rate = 0, 1.0

    @staticmethod
    def users(share: float, most: int) -> int:
        """How many run once that share of the run time, in [0, 1), has passed: 1 to `most`."""
        raise NotImplementedError

    def tick(self) -> tuple[int, float] | None:
        """What Locust asks once a second: users, and how many to start or stop a second. None ends the test."""
        share = self.get_run_time() / (self._options.run_time or self.run_time_s)
        if share >= 1:
            return None
        users = self.users(share, self._options.num_users or 1)
        if users != self._users:
            self._changing()  # requests of users that come and go belong to no number of users
            # At this rate Locust starts or stops them all in one step.
            self._users, self._rate = users, float(max(users, self._users))
        return users, self._rate


def shape_names() -> list[str]:
    """What there is to choose."""
    return [NONE, *(module.name for module in pkgutil.iter_modules(__path__))]


def make_shape(name: str, environment: Any, changing: Callable[[], None]) -> Shape | None:
    """`Ramp` of `loadtests.shapes.ramp` for `ramp`, and so on; `changing` is called before users come or go."""
    if name == NONE:
        return None
    module = importlib.import_module(f"{__name__}.{name}")
    return cast(Shape, getattr(module, name.capitalize())(environment, changing))


def check_shape(options: Any) -> None:
    """ShapeError where a shape is too large or too long, or comes with stages, which say themselves who runs when."""
    if options.shape == NONE:
        return
    if options.stages:
        raise ShapeError("--shape and --stages both say how many users run: leave one of them out")
    if not 1 <= (options.num_users or 1) <= MOST_USERS:
        raise ShapeError(f"a shape has 1 to {MOST_USERS} users, not {options.num_users}: change --users")
    if not SHORTEST_S <= (options.run_time or SHORTEST_S) <= LONGEST_S:
        raise ShapeError(
            f"a shape takes {SHORTEST_S} to {LONGEST_S} seconds, not {options.run_time}: change --run-time"
        )
