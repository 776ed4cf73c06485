"""Start the Flask service as a process, as the comparison does, and stop it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from serveoff.measure.runtimes.loopback_ports import free_port
from tests.bad_inputs import BODY_LIMIT, MODEL, Answer

HOST = "127.0.0.1"
START_S = 120.0
STOP_S = 10.0
COMMAND = (sys.executable, "-m", "serveoff.services.flaskrest")


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    work_dir: Path

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def tree(self) -> list[psutil.Process]:
        master = psutil.Process(self.process.pid)
        return [master, *master.children(recursive=True)]


def environment(model_dir: Path, format: str, work_dir: Path, port: int, **settings: object) -> dict[str, str]:
    values = {
        "MODEL": MODEL,
        "MODEL_DIR": model_dir,
        "FORMAT": format,
        "REST_PORT": port,
        "WORK_DIR": work_dir,
        "MAX_BODY_BYTES": BODY_LIMIT,
        **settings,
    }
    return os.environ | {f"SERVING_{name.upper()}": str(value) for name, value in values.items()}


@contextmanager
def serve(
    model_dir: Path, format: str, work_dir: Path, command: Sequence[str] = COMMAND, **settings: object
) -> Iterator[Server]:
    """A ready server, which is stopped when the block is left."""
    port, log = free_port(), work_dir / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment(model_dir, format, work_dir, port, **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(port, process, log, work_dir)
    try:
        wait_ready(server)
        yield server
        if process.poll() is None:
            stop(server)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop(server: Server) -> None:
    """Ask for the end by SIGTERM; nothing may stay, no process and no file."""
    tree = server.tree()
    server.process.terminate()
    assert server.process.wait(STOP_S) == 0, server.log.read_text()
    _, alive = psutil.wait_procs(tree, timeout=1)
    assert not alive, f"left behind: {alive}"
    assert [p.name for p in server.work_dir.iterdir()] == ["server.log"]


def wait_ready(server: Server) -> Answer:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.process.poll() is None, server.log.read_text()
        try:
            answer = server.ask("GET", "/readyz")
        except OSError:
            time.sleep(0.05)
            continue
        if answer.status == 200:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not ready in {START_S} s: {server.log.read_text()}")
