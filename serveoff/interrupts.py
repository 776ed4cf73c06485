"""Ctrl-C and the signals that end a program as KeyboardInterrupt, but never amid what would leave an orphan."""

import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPPING = b"\ninterrupted: stopping as soon as nothing would be left behind\n"
"""Written by the handler itself, at once: to stop servers and to save takes seconds."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_shields = 0
_pending = False
_said = False


def heard() -> list[signal.Signals]:
    """The signals that end us: SIGNALS, but for a SIGHUP that is ignored, as below `nohup`."""
    return [s for s in SIGNALS if not (s == signal.SIGHUP and signal.getsignal(s) == signal.SIG_IGN)]


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn each of `heard()` into KeyboardInterrupt for the body; the former handlers return afterwards."""
    global _said
    _said = False
    former = {signum: signal.signal(signum, _handle) for signum in heard()}
    try:
        yield
    finally:
        for signum, handler in former.items():
            signal.signal(signum, handler)


@contextmanager
def shielded() -> Iterator[None]:
    """Hold an interrupt back until the body has ended: for spawning, saving and cleaning up."""
    global _shields, _pending
    _shields += 1
    try:
        yield
    finally:
        _shields -= 1
    if _pending and not _shields:
        _pending = False
        raise KeyboardInterrupt


def _handle(signum: int, frame: FrameType | None) -> None:
    global _pending, _said
    if signum == signal.SIGHUP:
        _forget_terminal()
    if not _said:
        _said = True
        with suppress(OSError):
            os.write(sys.stderr.fileno(), STOPPING)
    if not _shields:
        raise KeyboardInterrupt
    _pending = True


def _forget_terminal() -> None:
    """One that has hung up fails every write, and what is printed while all is saved would end us amid it."""
    with suppress(OSError), open(os.devnull, "r+b") as nowhere:
        for descriptor in (1, 2):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):  # `isatty` denies what has hung up
                os.dup2(nowhere.fileno(), descriptor)
