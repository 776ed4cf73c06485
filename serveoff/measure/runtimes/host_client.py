"""The load generator as a process of this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from serveoff.interrupts import shielded
from serveoff.measure.runtimes import Server, processes
from serveoff.models.isolation import isolated

LOCUSTFILE = Path(__file__).resolve().parents[3] / "loadtests" / "locustfile.py"


@dataclass(frozen=True)
class HostClient:
    """Locust as a process of this machine; `state` is where it finds the announced endpoints."""

    folder: Path
    cpus: tuple[int, ...]
    state: Path

    def running(self, arguments: Sequence[str], log: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A process group of its own on the client's cores.

        Locust looks for modules in its working folder first, and for its own settings: there are none in the run's.
        """
        command = isolated("locust", "-f", str(LOCUSTFILE), *arguments)
        environ = {**os.environ, "SERVEOFF_STATE": str(self.state)}
        return processes.running(partial(processes.spawn, command, environ, log, self.cpus, cwd=self.folder))

    def interrupt(self, process: subprocess.Popen[bytes], grace_s: float) -> None:
        """SIGINT to its group."""
        with shielded():
            processes.interrupt(process, grace_s)

    def path(self, relative: Path) -> str:
        """The file itself."""
        return str((self.folder / relative).absolute())

    def bring(self) -> None:
        """Nothing to do: it wrote into the folder."""

    def address(self, server: Server, protocol: str) -> str:
        """As this machine reaches it."""
        return server.addresses[protocol]
