"""A timer in an event loop that is punctual to some 50 us, where epoll's own timeout is rounded to a millisecond."""

from __future__ import annotations

import ctypes
import math
import os

CLOCK_MONOTONIC = 1
"""What perf_counter reads on Linux."""
ABSOLUTE = 1


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
