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
        environ = without_settings(self.folder)
        return processes.running(
            partial(processes.spawn, command, environ, log, self.cpus, pipes=True, cwd=self.folder)
        )

    def address(self, server: Server, port_name: str) -> str:
        """As this machine reaches it."""
        return server.addresses[port_name]


def without_settings(home: Path) -> dict[str, str]:
    """Our environment without what Locust takes for settings: variables, and ~/.locust.conf, looked for in `home`.

    Some of the variables are not even meant for it: LOCUST_MASTER_PORT of `.env` is a port that Compose publishes.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return {**ours, "HOME": str(home.resolve())}
