"""How each process of ours is started: by a Python that finds our modules, whatever the user's folders hold."""

import os
import sys
import threading

ISOLATED = ("-I", "-X", "utf8", "-u")
"""No working folder on sys.path, no PYTHON* variable (PYTHONPATH), no user's site; UTF-8 in any locale; what is printed
leaves at once."""


def isolated(module: str, *arguments: str) -> list[str]:
    """The command that runs a module: a `models.py` where the user stands, or on PYTHONPATH, is not met."""
    return [sys.executable, *ISOLATED, "-m", module, *arguments]


def end_with_parent() -> None:
    """Have this process end when its parent does, however that dies: it holds the other end of stdin."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end_with_stdin() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
