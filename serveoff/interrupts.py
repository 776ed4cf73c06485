"""Ctrl-C and SIGTERM as KeyboardInterrupt, but never in the middle of something that would leave an orphan."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPPING = b"\ninterrupted: stopping as soon as nothing would be left behind\n"
"""Written by the handler itself, at once: what is shielded may take most of a minute."""
_shields = 0
_pending = False


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt for the body; the former handlers return afterwards."""
    former = {signum: signal.signal(signum, _handle) for signum in (signal.SIGINT, signal.SIGTERM)}
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
    global _pending
    if not _shields:
        raise KeyboardInterrupt
    if not _pending:
        with suppress(OSError):
            os.write(sys.stderr.fileno(), STOPPING)
    _pending = True
