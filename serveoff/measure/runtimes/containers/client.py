"""Locust in a container on the servers' own network: no port of the host is in the path that is measured."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from docker.errors import DockerException
from docker.models.containers import Container

from serveoff.interrupts import shielded
from serveoff.measure.runtimes import Server, processes

RESULTS = PurePosixPath("/results")
LOCUST = ("python", "-I", "-u", "-m", "locust", "-f", "loadtests/locustfile.py")
PID_FILE = "/tmp/visit.pid"
MASTER_WAIT_S = 30
WORKERS_END_S = 5


@dataclass(frozen=True)
class ContainerClient:
    """Locust by `docker exec` in a container that idles between visits; with workers, as their master.

    Rows are written to a volume that all of them share, and copied from there into the run's folder.
    """

    folder: Path
    container: Container
    workers: tuple[Container, ...] = ()

    @contextmanager
    def running(self, arguments: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A process inside; one that has not ended with the body goes down with a restart of its container."""
        with ExitStack() as stack:
            workers = [
                stack.enter_context(self._inside(worker, ["--worker", "--master-host", self.container.name], log))
                for worker in self.workers
            ]
            stack.callback(_await, workers)
            yield stack.enter_context(self._inside(self.container, self._all(arguments), log))

    def interrupt(self, process: subprocess.Popen[bytes], grace_s: float) -> None:
        """SIGINT to the process inside: the `docker exec` that we see ends when it does."""
        with shielded():
            with suppress(DockerException):
                self.container.exec_run(["sh", "-c", f"kill -INT $(cat {PID_FILE})"])
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_s)

    def path(self, relative: Path) -> str:
        """The file in the shared volume."""
        return str(RESULTS / relative.name)

    def bring(self) -> None:
        """Copy every file of the volume beside the run's rows, and empty the volume."""
        # Without its files a visit says that the load generator failed; the run goes on.
        with shielded(), suppress(DockerException, tarfile.TarError):
            chunks, _ = self.container.get_archive(f"{RESULTS}/.")
            _unpack(b"".join(chunks), self.folder / "rows")
            self.container.exec_run(["find", str(RESULTS), "-type", "f", "-delete"])

    def address(self, server: Server, protocol: str) -> str:
        """The service's name on the run's network, and the port inside the container."""
        return f"{server.deployment.service}:{server.deployment.ports[protocol]}"

    def _all(self, arguments: Sequence[str]) -> list[str]:
        if not self.workers:
            return list(arguments)
        expected = ["--expect-workers", str(len(self.workers)), "--expect-workers-max-wait", str(MASTER_WAIT_S)]
        return [*arguments, "--master", *expected]

    @contextmanager
    def _inside(self, container: Container, arguments: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        # One that was killed in an earlier visit has spoilt that one only.
        with suppress(DockerException):
            container.start()
        with processes.running(partial(processes.spawn, _exec(container, arguments), os.environ, log)) as process:
            try:
                yield process
            finally:
                with shielded():
                    if process.poll() is None:
                        with suppress(DockerException):
                            container.restart(timeout=0)


def _await(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    """Their master tells them to end; one that has lost it is not waited for much longer."""
    end = time.monotonic() + WORKERS_END_S
    with shielded(), suppress(subprocess.TimeoutExpired):
        for worker in workers:
            worker.wait(max(0.0, end - time.monotonic()))


def _unpack(data: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                (folder / PurePosixPath(member.name).name).write_bytes(file.read())


def _exec(container: Container, arguments: Sequence[str]) -> list[str]:
    """A `docker exec` that leaves the process's own id where `interrupt` finds it."""
    script = f'echo $$ > {PID_FILE}; exec "$@"'
    return ["docker", "exec", str(container.id), "sh", "-c", script, "locust", *LOCUST, *arguments]
