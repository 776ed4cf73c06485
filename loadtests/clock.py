"""Wait for an instant to within some microseconds.

gevent's timers on epoll are rounded up to a millisecond: half a millisecond late at the median, which would double the
latency of a fast server. A Linux timerfd in the event loop is 50 us late; so it is set for somewhat before the instant,
and the rest is spent asking the event loop again and again, which stays free for the answers that come meanwhile.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
from time import perf_counter

import gevent

SPIN_S = 0.0002
"""The last part of a wait."""
IDLE_TURN_S = 0.00002
"""A turn of the event loop in which nothing else ran takes no longer: what it took beyond that was work."""
CLOCK_MONOTONIC = 1
"""What perf_counter reads on Linux."""


class Clock:
    """Waits of one greenlet; `spun_s` are the CPU seconds that the last parts of them took."""

    now = staticmethod(perf_counter)
    """The time that instants are given in."""

    def __init__(self) -> None:
        self.spun_s = 0.0
        self._timer = _Timer() if sys.platform == "linux" else None

    def wait_until(self, due: float) -> None:
        """Return at `due`, in perf_counter seconds; at once where that has passed."""
        left = due - self.now() - SPIN_S
        if left > 0:
            if self._timer is not None:
                self._timer.wait(left)
            else:
                gevent.sleep(left)
        now = self.now()
        while now < due:
            gevent.sleep(0)
            before, now = now, self.now()
            self.spun_s += min(now - before, IDLE_TURN_S)

    def close(self) -> None:
        """Give the timer back."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


class _Timer:
    """timerfd_create(2), which Python has from 3.13 on."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._hub = gevent.get_hub()
        self._watcher = self._hub.loop.io(self._fd, 1)

    def wait(self, seconds: float) -> None:
        fraction, whole = math.modf(seconds)
        value = _TimerSpec(_TimeSpec(0, 0), _TimeSpec(int(whole), max(1, int(fraction * 1e9))))
        self._libc.timerfd_settime(self._fd, 0, ctypes.byref(value), None)
        self._hub.wait(self._watcher)
        os.read(self._fd, 8)

    def close(self) -> None:
        self._watcher.close()
        os.close(self._fd)
