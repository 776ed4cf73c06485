"""An open loop: requests come when they are due, whether or not earlier ones were answered.

A schedule of instants is drawn before the slice begins. Each arrival is given to a caller that waits for one; where all
are busy it waits, and as its latency counts from the instant at which it was due, a server that stalls is charged for
the queue that it causes (Schroeder, Wierman and Harchol-Balter, *Open Versus Closed*, NSDI 2006).
"""

from collections import deque
from collections.abc import Callable

import gevent
from gevent.event import AsyncResult

from serveoff.loadtests.clock import Clock
from serveoff.loadtests.generator.schedule import Instants
from serveoff.loadtests.problems import WindowCode, WindowProblem

BUSY = 0.9
"""The share of one CPU, but for being punctual, above which answers wait for the generator to read them. As
serveoff.analyse.judging.validity has it for a closed loop."""


class Arrivals:
    """The arrivals of one slice, and the greenlets that wait for them."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._idle: dict[object, AsyncResult] = {}
        self._due: deque[float] = deque()
        self._greenlet: gevent.Greenlet | None = None
        self._clock = clock or Clock()
        self._closed = False

    def take_spun_s(self) -> float:
        """CPU seconds spent on being punctual since the last time that this was asked."""
        spun_s, self._clock.spun_s = self._clock.spun_s, 0.0
        return spun_s

    @property
    def waiting(self) -> bool:
        """Whether there are arrivals that nobody has taken."""
        return bool(self._due)

    def start(self, start: float, due: Instants, late: Callable[[float, float], None]) -> None:
        """Begin at `start` (perf_counter seconds).

        `late` is told of each arrival when it was due, and how much later it was sent, or noticed where all are busy:
        the rest of the wait is not the generator's.
        """
        self._late = late
        self._greenlet = gevent.spawn(self._dispatch, [start + float(instant) for instant in due])

    def turn(self, caller: object) -> float | None:
        """Wait for an arrival; when it was due, in perf_counter seconds. None: there are no more."""
        if self._due:
            return self._due.popleft()
        if self._closed:
            return None
        # The one that became free last is asked first, so that no more connections are opened than are needed.
        self._idle[caller] = result = AsyncResult()
        taken: float | None = result.get()
        if taken is not None:
            self._late(taken, self._clock.now() - taken)
        return taken

    def cut(self) -> None:
        """No arrival is due any more; those that wait still are."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def close(self) -> list[float]:
        """End it: when those were due that nobody took. Whoever waits goes on without an arrival."""
        self.cut()
        self._closed = True
        left = list(self._due)
        self._due.clear()
        while self._idle:
            self._idle.popitem()[1].set(None)
        self._clock.close()
        return left

    def _dispatch(self, instants: list[float]) -> None:
        for due in instants:
            self._clock.wait_until(due)
            if self._idle:
                self._idle.popitem()[1].set(due)
            else:
                self._due.append(due)
                self._late(due, max(self._clock.now() - due, 0.0))


def out_of_cpu(busy: float) -> list[WindowProblem]:
    """The problem of a generator that used this share of one CPU, spinning left out, where that is too much."""
    if busy <= BUSY:
        return []
    text = f"the load generator is at its limit: it used {busy:.0%} of its one CPU"
    return [WindowProblem(code=WindowCode.OUT_OF_CPU, text=text)]
