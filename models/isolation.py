"""How each process of ours is started: by a Python that finds our modules, whatever the user's folders hold."""

from __future__ import annotations

import sys

ISOLATED = ("-I", "-u")
"""No working folder on sys.path, no PYTHON* variable (PYTHONPATH), no user's site; what is printed leaves at once."""


def isolated(module: str, *arguments: str) -> list[str]:
    """The command that runs a module: a `models.py` where the user stands, or on PYTHONPATH, is not met."""
    return [sys.executable, *ISOLATED, "-m", module, *arguments]
