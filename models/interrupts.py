"""Ctrl-C that no library can swallow: some catch whatever is raised while they are imported.

The handler remembers it, and whoever works in steps raises it again at the next one, if it was lost.
"""

import signal
import threading
from types import FrameType

_struck = False


def remember() -> None:
    """From now on remember Ctrl-C, but where a shell has this process ignore it, as one in its background."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _strike)


def check() -> None:
    """KeyboardInterrupt where there was one that is lost; only in the main thread, which has to end all others."""
    if _struck and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


def struck() -> bool:
    """Whether there was one, whatever became of it."""
    return _struck


def _strike(number: int, frame: FrameType | None) -> None:
    global _struck
    _struck = True
    raise KeyboardInterrupt
