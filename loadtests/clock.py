"""Wait for an instant to within some microseconds.

gevent's timers on epoll are rounded up to a millisecond: half a millisecond late at the median, which would double the
latency of a fast server. A Linux timerfd in the event loop is 50 us late; so it is set for somewhat before the instant,
and the rest is spent asking the event loop again and again, which stays free for the answers that come meanwhile.
"""

import ctypes
import math
import os
from time import perf_counter

import gevent

CLOCK_MONOTONIC = 1
"""What perf_counter reads on Linux."""
ABSOLUTE = 1
SPIN_S = 0.0002
"""The last part of a wait."""
IDLE_TURN_S = 0.00002
"""A turn of the event loop in which nothing else ran takes no longer: what it took beyond that was work."""


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


class Alarm:
    """timerfd_create(2), which Python has from 3.13 on; `fd` is readable once its instant has come."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.timerfd_create(CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def set(self, instant: float) -> None:
        """Go off at this instant, in perf_counter seconds, and at no earlier one."""
        fraction, whole = math.modf(max(instant, 1e-9))
        value = _TimerSpec(_TimeSpec(0, 0), _TimeSpec(int(whole), min(int(fraction * 1e9) + 1, 999_999_999)))
        self._libc.timerfd_settime(self.fd, ABSOLUTE, ctypes.byref(value), None)

    def close(self) -> None:
        """Give the timer back; it may have been before."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Clock:
    """Waits of one greenlet; `spun_s` are the CPU seconds that the last parts of them took."""

    now = staticmethod(perf_counter)
    """The time that instants are given in."""

    def __init__(self) -> None:
        self.spun_s = 0.0
        self._alarm = Alarm()
        self._watcher = gevent.get_hub().loop.io(self._alarm.fd, 1)

    def wait_until(self, due: float) -> None:
        """Return at `due`, in perf_counter seconds; at once where that has passed."""
        if due - self.now() > SPIN_S:
            self._alarm.set(due - SPIN_S)
            gevent.get_hub().wait(self._watcher)
        now = self.now()
        while now < due:
            gevent.sleep(0)
            before, now = now, self.now()
            self.spun_s += min(now - before, IDLE_TURN_S)

    def close(self) -> None:
        """Give the timer back."""
        self._watcher.close()
        self._alarm.close()
