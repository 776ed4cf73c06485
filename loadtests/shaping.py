"""A shape of serveoff.loadtests.shapes as Locust wants it."""

from collections.abc import Callable
from typing import Any

from locust import LoadTestShape

from serveoff.loadtests.shapes import NONE, SHAPES, Shape


class ShapedUsers(LoadTestShape):  # type: ignore[misc]  # Locust is not typed for strict mode
    """Asks a shape for its users; `changing` is called before users come or go."""

    use_common_options = True

    def __init__(self, shape: Shape, environment: Any, changing: Callable[[], None]) -> None:
        super().__init__()
        self.runner, self._options = environment.runner, environment.parsed_options
        self._shape, self._changing = shape, changing
        self._users, self._rate = 0, 1.0

    def tick(self) -> tuple[int, float] | None:
        """What Locust asks once a second: users, and how many to start or stop a second. None ends the test."""
        share = self.get_run_time() / (self._options.run_time or self._shape.run_time_s)
        if share >= 1:
            return None
        users = self._shape.users(share, self._options.num_users or 1)
        if users != self._users:
            self._changing()  # requests of users that come and go belong to no number of users
            # At this rate Locust starts or stops them all in one step.
            self._users, self._rate = users, float(max(users, self._users))
        return users, self._rate


def make_shape(name: str, environment: Any, changing: Callable[[], None]) -> ShapedUsers | None:
    """The shape of this name, of a class of its own, by which Locust's page calls it; None for none."""
    if name == NONE:
        return None
    kind: type[ShapedUsers] = type(name.capitalize(), (ShapedUsers,), {})
    return kind(SHAPES[name], environment, changing)
