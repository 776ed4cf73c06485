"""A shape of serveoff.loadtests.shapes as Locust wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust import LoadTestShape

from serveoff.loadtests import shapes


class Shape(LoadTestShape):  # type: ignore[misc]  # Locust is not typed for strict mode
    """Asks a module for its users; `changing` is called before users come or go."""

    use_common_options = True

    def __init__(self, module: shapes.ShapeModule, environment: Any, changing: Callable[[], None]) -> None:
        super().__init__()
        self.runner, self._options = environment.runner, environment.parsed_options
        self._module, self._changing = module, changing
        self._users, self._rate = 0, 1.0

    def tick(self) -> tuple[int, float] | None:
        """What Locust asks once a second: users, and how many to start or stop a second. None ends the test."""
        share = self.get_run_time() / (self._options.run_time or self._module.RUN_TIME_S)
        if share >= 1:
            return None
        users = self._module.users(share, self._options.num_users or 1)
        if users != self._users:
            self._changing()  # requests of users that come and go belong to no number of users
            # At this rate Locust starts or stops them all in one step.
            self._users, self._rate = users, float(max(users, self._users))
        return users, self._rate


def make_shape(name: str, environment: Any, changing: Callable[[], None]) -> Shape | None:
    """The shape of this name, of a class of its own, by which Locust's page calls it; None for none."""
    if name == shapes.NONE:
        return None
    kind: type[Shape] = type(name.capitalize(), (Shape,), {})
    return kind(shapes.find(name), environment, changing)
