"""The phases of its own start that a server writes into its log: services/phases.py.

TensorFlow Serving's lines have a time stamp each; they count from the one that services/tfserving/config/start.sh
writes.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Final

WORKER: Final = "worker"
IMPORTED: Final = "imported"
LOADED: Final = "loaded"
WARMED: Final = "warmed"
LISTENING: Final = "listening"
_STAMPED = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}): I (.*)$", re.MULTILINE)
_STARTED: Final = b"serveoff-start"
_TENSORFLOW_SERVING: Final = {
    IMPORTED: b"Reading SavedModel from:",
    LOADED: b"SavedModel load for tags",
    WARMED: b"Finished reading warmup data",
    LISTENING: b"Exporting HTTP/REST API at",
}
"""What its line has with which a phase ends; before it reads the model there is the program's own start."""
_LINE = re.compile(rb"serveoff-phase (\w+) (\d+\.\d{3})")


def read_phases(log: Path, begun: int = 0) -> dict[str, float]:
    """Phase to seconds since the server's start, from `begun` bytes into its log; of several workers, the first."""
    found: dict[str, float] = {}
    if not log.exists():
        return found
    written = log.read_bytes()[begun:]
    for name, seconds in _LINE.findall(written):
        known = found.get(name.decode(), float("inf"))
        found[name.decode()] = min(known, float(seconds))
    return found or _stamped(written)


def _stamped(log: bytes) -> dict[str, float]:
    """The same of TensorFlow Serving's log; of several models, the first. Nothing where its start is not in it."""
    lines = [(datetime.fromisoformat(stamp.decode()), line) for stamp, line in _STAMPED.findall(log)]
    started = next((at for at, line in lines if line == _STARTED), None)
    if started is None:
        return {}
    ends = {
        phase: next((at for at, line in lines if mark in line), None) for phase, mark in _TENSORFLOW_SERVING.items()
    }
    return {phase: (at - started).total_seconds() for phase, at in ends.items() if at is not None}
