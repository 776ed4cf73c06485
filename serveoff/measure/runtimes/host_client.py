"""The load generator as a process of this machine."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from serveoff.measure.runtimes import Server, processes
from serveoff.models.isolation import isolated

LOCUSTFILE = Path(__file__).resolve().parents[3] / "loadtests" / "locustfile.py"


@dataclass(frozen=True)
class HostClient:
    """Locust as a process of this machine, in the run's folder: it looks there for settings, and finds none."""

    folder: Path
    cpus: tuple[int, ...]

    def running(self, arguments: Sequence[str], log: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A process group of its own on the client's cores."""
        command = isolated("locust", "-f", str(LOCUSTFILE), *arguments)
        return processes.running(
            partial(processes.spawn, command, os.environ, log, self.cpus, pipes=True, cwd=self.folder)
        )

    def address(self, server: Server, port_name: str) -> str:
        """As this machine reaches it."""
        return server.addresses[port_name]
