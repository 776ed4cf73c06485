"""Locust in a container on the servers' own network: no port of the host is in the path that is measured."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from docker.errors import DockerException
from docker.models.containers import Container

from serveoff.interrupts import shielded
from serveoff.measure.runtimes import Server, processes

LOCUST: Final = ("python", "-I", "-u", "-m", "locust", "-f", "loadtests/locustfile.py")


@dataclass(frozen=True)
class ContainerClient:
    """A container that idles until the load generator is run in it."""

    container: Container

    @contextmanager
    def running(self, arguments: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A process inside, whose input and output are ours; it goes down with its container when the body ends.

        Where we are killed its input ends, and with that the process.
        """
        # Down since the last generator ended; where the engine refuses, so does `docker exec`, which says why.
        with suppress(DockerException):
            self.container.start()
        command = ["docker", "exec", "--interactive", str(self.container.id), *LOCUST, *arguments]
        with processes.running(partial(processes.spawn, command, os.environ, log, pipes=True)) as process:
            try:
                yield process
            finally:
                with shielded(), suppress(DockerException):
                    self.container.kill()

    def address(self, server: Server, port_name: str) -> str:
        """The service's name on the run's network, and the port inside the container."""
        return f"{server.deployment.service}:{server.deployment.ports[port_name]}"
