"""A master that is commanded as a run's load generator is, and workers of it as processes."""

import os
import subprocess
from contextlib import ExitStack, contextmanager

import pytest

from serveoff.loadtests.distributed import crew
from tests import networks as namespaces
from tests.loadtests.conftest import LOCUST, REPOSITORY, FakeServer, Generator
from tests.waiting import wait_until


class Field:
    """One master and its workers; they share no file with it, and have no artifacts."""

    def __init__(self, folder, host, port, server):
        self.folder, self.host, self.port, self.server = folder, host, port, server
        self.workers = []
        self._stack = ExitStack()

    def worker(self, *prefix, host=None, port=None):
        """Start one more, by this command; it looks for its master where that is, or elsewhere."""
        where = ("--master-host", host or self.host, "--master-port", port or self.port)
        self.workers.append(self._stack.enter_context(self._running([*prefix, *LOCUST, "--worker", *where])))
        return self.workers[-1]

    def master(self):
        """Once all workers that were started have joined."""
        waits = ("--expect-workers", str(len(self.workers)), "--expect-workers-max-wait", "60")
        where = ("--master-bind-host", self.host, "--master-bind-port", self.port)
        self.generator = Generator(self.folder / "master.log", "--master", *waits, *where)
        self._stack.callback(self.generator.close)
        event = self.generator.event()
        assert event == {"event": "ready"}, event
        return self.generator

    def endpoint(self, name, pool):
        address = self.server.rest if name.endswith("rest") else self.server.grpc
        self.generator.endpoint(name, address, str(pool))
        return name

    def joined(self, count):
        """That so many have joined, by the master's log."""
        wait_until(lambda: self.generator.log.read_text().count("reported as ready") >= count, f"{count} joined")

    def close(self):
        self._stack.close()

    @contextmanager
    def _running(self, command):
        log = self.folder / f"worker-{len(self.workers) + 1}.log"
        environ = {**os.environ, "SERVEOFF_ARTIFACTS": str(self.folder / "none"), "SERVEOFF_STATE": str(self.folder)}
        with log.open("w") as output:
            nothing = subprocess.DEVNULL
            process = subprocess.Popen(
                command, env=environ, cwd=REPOSITORY, stdin=nothing, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def opened(folder, pool, port, host="127.0.0.1"):
    server = FakeServer(pool, host)
    field = Field(folder, host, port, server)
    try:
        yield field
    finally:
        field.close()
        server.close()


@pytest.fixture
def field(tmp_path, pool, free_port):
    with opened(tmp_path, pool, free_port) as made:
        yield made


@pytest.fixture
def networks():
    with namespaces.networks() as names:
        yield names


@pytest.fixture
def impatient(monkeypatch):
    """Who is silent is lost at once."""
    for name, seconds in {"CLOCK_S": 0.01, "ANSWER_S": 0.01, "POLL_S": 0.001}.items():
        monkeypatch.setattr(crew, name, seconds)
