"""Which workers have loaded and warmed their model: a file per worker in the server's private folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "ready-"


@dataclass(frozen=True)
class Readiness:
    """Shared by all workers of a server: any of them can say whether all of them are ready."""

    folder: Path
    workers: int

    def announce(self) -> None:
        """Say that the calling process can predict."""
        (self.folder / f"{_PREFIX}{os.getpid()}").touch()

    def withdraw(self, pid: int) -> None:
        """Forget a worker that has ended."""
        (self.folder / f"{_PREFIX}{pid}").unlink(missing_ok=True)

    def ready(self) -> int:
        """How many workers can predict now."""
        return sum(1 for _ in self.folder.glob(f"{_PREFIX}*"))
