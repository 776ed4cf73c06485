"""A model server as a process of its own, on free ports, for tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.flags import parse
from serveoff.services.tfserving.embedded.server import ModelServer as EmbeddedServer
from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[3]
START_S = 90.0
JSON = {"Content-Type": "application/json"}


@dataclass
class Address:
    """Where a server listens, and how to talk to it."""

    grpc_port: int
    rest_port: int

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}")

    def get(self, path: str) -> tuple[int, Any]:
        return self.request("GET", path)

    def post(self, path: str, document: object) -> tuple[int, Any]:
        return self.request("POST", path, json.dumps(document).encode())

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = JSON):
        url = f"http://127.0.0.1:{self.rest_port}{path}"
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@dataclass
class ModelServer(Address):
    """A running process; its log is in a file."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Stop it; the exit code. Fails if it takes longer than the 10 s that a server of ours may take."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")


def spawn(
    folder: Path, *flags: str, module: str = "serveoff.services.tfserving.embedded", **environ: str
) -> ModelServer:
    """Start the embedded server with flags (or the launcher with environment) and do not wait for it."""
    grpc_port, rest_port = free_port(), free_port()
    log = folder / f"server-{rest_port}.log"
    ports = [f"--port={grpc_port}", f"--rest_api_port={rest_port}"] if flags else []
    environ |= {} if flags else {"SERVING_GRPC_PORT": str(grpc_port), "SERVING_REST_PORT": str(rest_port)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *ports, *flags],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environ},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return ModelServer(grpc_port, rest_port, process, log)


@contextmanager
def running(
    folder: Path, *flags: str, module: str = "serveoff.services.tfserving.embedded", **environ: str
) -> Iterator[ModelServer]:
    """A server that listens; stopped at the end, whatever happens."""
    server = spawn(folder, *flags, module=module, **environ)
    try:
        wait_until_listening(server)
        yield server
    finally:
        server.stop()


@contextmanager
def in_process(*flags: str) -> Iterator[Address]:
    """The same server in a thread of the tests: no seconds for TensorFlow's import."""
    address = Address(free_port(), free_port())
    stop, failures = threading.Event(), []

    def run() -> None:
        try:
            server.run()
        except ServingError as error:
            failures.append(error)

    server = EmbeddedServer(
        parse([f"--port={address.grpc_port}", f"--rest_api_port={address.rest_port}", *flags]), stop
    )
    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: failures or listens(address), "the server listens")
        if failures:
            raise failures[0]
        yield address
    finally:
        stop.set()
        thread.join(timeout=15)
        assert not thread.is_alive()


def listens(address: Address) -> bool:
    """Whether the REST port, which opens last, is open."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", address.rest_port)) == 0


def wait_until_listening(server: ModelServer) -> None:
    """The REST port opens last, once the models are loaded."""
    wait_until(lambda: server.process.poll() is not None or listens(server), server.log, START_S)
    assert server.process.returncode is None, server.log_text()
