"""Which workers have loaded and warmed their model: a file per worker in the server's private folder."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serveoff.services.runtimes import Runtime
from serveoff.services.settings import Settings

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


def state(server: str, settings: Settings, runtime: Runtime, readiness: Readiness | None) -> tuple[dict[str, Any], int]:
    """What /readyz answers: what is served and how, and 200 once every worker has loaded and warmed its model, or 503.

    server: its name in the registry. Without `readiness` this process is all there is.
    """
    ready = settings.workers if readiness is None else readiness.ready()
    is_ready = ready >= settings.workers
    body = {
        "status": "ready" if is_ready else "loading",
        "server": server,
        "model": settings.model,
        "format": settings.format,
        "device": runtime.device,
        "executor": runtime.executor,
        "precision": runtime.precision,
        "framework": runtime.framework,
        "framework_version": runtime.framework_version,
        "workers": settings.workers,
        "workers_ready": ready,
        "threads_per_worker": settings.threads_per_worker,
        "intra_op_threads": runtime.intra_op_threads,
        "batch_size": settings.batch_size,
        "batch_delay_ms": settings.batch_delay_ms,
    }
    return body, 200 if is_ready else 503
