"""Ends a process by SIGTERM before its server handles the signal.

The first process of a container ignores a signal that it has no handler for, and would be killed after 10 s.
"""

import signal
from types import FrameType

TERMINATED = 143
"""The exit code: 128 and the signal's number, as a shell gives it."""


def exit_on_sigterm() -> None:
    """From now on, and until another handler is set, SIGTERM ends the process as `sys.exit` does."""
    signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
