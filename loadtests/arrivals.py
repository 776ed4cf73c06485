"""An open loop: requests come when they are due, whether or not earlier ones were answered.

A schedule of instants is drawn before the window opens. Each arrival is given to a user that waits for one; where all
are busy it waits, and as its latency counts from the instant at which it was due, a server that stalls is charged for
the queue that it causes (Schroeder, Wierman and Harchol-Balter, *Open Versus Closed*, NSDI 2006).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import gevent
import numpy as np
import numpy.typing as npt
from gevent.event import AsyncResult

from serveoff.loadtests.clock import Clock
from serveoff.loadtests.loads import Load
from serveoff.loadtests.problems import WindowCode, WindowProblem

LATE_S = 0.001
LATE_SHARE = 1.0
"""The generator is behind its schedule where the 99th percentile of its own lateness is above a millisecond and above
the median latency that it measured: then the tail is the generator's as much as the server's."""
BUSY = 0.9
"""As serveoff.analyse.validity has it for a closed loop."""
Instants = npt.NDArray[np.float64]


def schedule(load: Load, duration_s: float, seed: Sequence[int], part: int = 0, parts: int = 1) -> Instants:
    """Seconds since the window's start at which requests are due, ascending, all within `duration_s`.

    Of several generators each takes its part: a Poisson process at a share of the rate (their sum is one at the whole
    rate), or every so many-th instant of a constant one.
    """
    if load.arrivals == "constant":
        return np.arange(part, int(load.rate * duration_s), parts) / load.rate
    rate = load.rate / parts
    random = np.random.default_rng([*seed, part])
    count = int(rate * duration_s + 8 * (rate * duration_s) ** 0.5 + 16)
    due = np.cumsum(random.exponential(1 / rate, count))
    while due[-1] < duration_s:
        due = np.concatenate([due, due[-1] + np.cumsum(random.exponential(1 / rate, count))])
    return due[due < duration_s]


class Arrivals:
    """The arrivals of one window, and the users that wait for them."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._idle: dict[object, AsyncResult] = {}
        self._waiting: deque[tuple[float, float]] = deque()
        """When each was due, and how long after that it was noticed."""
        self._greenlet: gevent.Greenlet | None = None
        self._clock = clock or Clock()
        self.late_s: list[float] = []
        """Of each arrival, how long after it was due and a user was free it was sent."""

    @property
    def spun_s(self) -> float:
        """CPU seconds spent on being punctual."""
        return self._clock.spun_s

    @property
    def oldest(self) -> float:
        """When the oldest arrival that no user has taken was due; infinity where there is none."""
        return self._waiting[0][0] if self._waiting else float("inf")

    def start(self, start: float, due: Instants) -> None:
        """Begin a window at `start` (perf_counter seconds)."""
        self.late_s = []
        self._clock.spun_s = 0.0
        self._greenlet = gevent.spawn(self._dispatch, [start + float(instant) for instant in due])

    def turn(self, user: object) -> float | None:
        """Wait for an arrival; when it was due, in perf_counter seconds. None: the open loop is over, for this user."""
        if self._waiting:
            due, noticed_s = self._waiting.popleft()
            self.late_s.append(noticed_s)  # the user was busy until now: the rest of the wait is not the generator's
            return due
        result = AsyncResult()
        # The one that became free last is asked first, so that no more connections are opened than are needed.
        self._idle[user] = result
        try:
            taken: float | None = result.get()
        except BaseException:  # a user that is killed must not be given an arrival
            self._idle.pop(user, None)
            raise
        if taken is not None:
            self.late_s.append(self._clock.now() - taken)
        return taken

    def dismiss(self, user: object) -> None:
        """Let a user that waits go on without an arrival: it was told to stop, and none may ever come."""
        result = self._idle.pop(user, None)
        if result is not None:
            result.set(None)

    def cut(self) -> None:
        """No arrival is due any more; those that wait still are."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None

    def forgo(self) -> list[float]:
        """Take away what was never sent: when each was due."""
        left = [due for due, _ in self._waiting]
        self._waiting.clear()
        return left

    def close(self) -> None:
        """End the open loop: users that wait go on without an arrival."""
        self.cut()
        self._waiting.clear()
        for user in list(self._idle):
            self.dismiss(user)
        self._clock.close()

    def _dispatch(self, instants: list[float]) -> None:
        for due in instants:
            self._clock.wait_until(due)
            if self._idle:
                self._idle.popitem()[1].set(due)
            else:
                self._waiting.append((due, max(self._clock.now() - due, 0.0)))


def behind(
    late_s: Sequence[float], latency_s: npt.NDArray[np.float64], busy: float
) -> tuple[float | None, WindowProblem | None]:
    """The 99th percentile of the generator's lateness, and the problem where that is too much.

    `busy` is the share of one CPU that it used, but for being punctual: where that is all there is, answers wait for it
    to be read, and no lateness of its own shows.
    """
    if not late_s:
        return None, None
    late, median = float(np.quantile(late_s, 0.99)), float(np.median(latency_s)) if latency_s.size else 0.0
    if busy > BUSY:
        text = f"the load generator fell behind its schedule: it used {busy:.0%} of the one CPU that it can use"
        return late, WindowProblem(code=WindowCode.OUT_OF_CPU, text=text)
    if late <= max(LATE_S, LATE_SHARE * median):
        return late, None
    text = (
        f"the load generator fell behind its schedule: 1% of requests were sent more than {late * 1e3:.3g} ms late, "
        f"beside a median latency of {median * 1e3:.3g} ms"
    )
    return late, WindowProblem(code=WindowCode.LATE, text=text)
