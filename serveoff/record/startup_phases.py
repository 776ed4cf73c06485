"""The phases of its own start that a server writes into its log: services/phases.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

WORKER: Final = "worker"
IMPORTED: Final = "imported"
LOADED: Final = "loaded"
WARMED: Final = "warmed"
LISTENING: Final = "listening"
_LINE = re.compile(rb"serveoff-phase (\w+) (\d+\.\d{3})")


def read_phases(log: Path, begun: int = 0) -> dict[str, float]:
    """Phase to seconds since the server's start, from `begun` bytes into its log; of several workers, the first."""
    found: dict[str, float] = {}
    if not log.exists():
        return found
    for name, seconds in _LINE.findall(log.read_bytes()[begun:]):
        known = found.get(name.decode(), float("inf"))
        found[name.decode()] = min(known, float(seconds))
    return found
