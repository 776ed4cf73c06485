import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from serveoff.loadtests.recording.rows import read_rows
from serveoff.measure.runtimes import loopback_ports
from serveoff.models.golden import Golden, write_golden
from tests.imported import write_model
from tests.waiting import wait_until

REPOSITORY = Path(__file__).parent.parent.parent
LOCUST = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py"]
REST, GRPC, GRPC_TORCHSERVE = "flask-torchscript-rest", "tfserving-savedmodel-grpc", "torchserve-torchscript-grpc"


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """A model's folder with 32 golden inputs, shaped as digits_cnn's."""
    folder = tmp_path_factory.mktemp("model")
    random = np.random.default_rng(5)
    inputs = random.random((32, 28, 28, 1), dtype=np.float32)
    outputs = random.dirichlet(np.ones(10), 32).astype(np.float32)
    write_golden(folder, Golden({"image": inputs}, {"probabilities": outputs}, outputs.argmax(axis=1)))
    return folder


class FakeServer:
    """tests/loadtests/fake_server.py in a process of its own."""

    def __init__(self, folder):
        command = [sys.executable, "-m", "tests.loadtests.fake_server", str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        ports = self.process.stdout.readline().split()
        self.rest, self.grpc = (f"127.0.0.1:{port}" for port in ports)

    def counters(self):
        with urllib.request.urlopen(f"http://{self.rest}/count", timeout=10) as answer:
            return json.load(answer)

    def mode(self, mode):
        request = urllib.request.Request(f"http://{self.rest}/mode/{mode}", data=b"", method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def wait_for(self, count):
        """Until so many predictions were asked for."""
        wait_until(lambda: self.counters()["count"] >= count, f"{count} requests")

    def wait_for_more(self, count):
        """Until so many more than now were asked for."""
        self.wait_for(self.counters()["count"] + count)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def server(pool):
    server = FakeServer(pool)
    yield server
    server.close()


@dataclass
class Outcome:
    """What a Locust process left behind."""

    code: int
    output: str
    rows_path: Path
    summary: dict = field(default_factory=dict)

    @property
    def rows(self):
        return read_rows(self.rows_path).to_pylist()

    @property
    def windows(self):
        return self.summary["windows"]


@pytest.fixture
def locust(pool, tmp_path):
    """Runs Locust with our file; `during(process)` is called once its first window is open."""
    log = tmp_path / "locust.log"

    def in_the_window(process, during):
        wait_until(lambda: process.poll() is not None or "window open: " in log.read_text(), "a window")
        during(process)

    def run(*options, during=None, timeout=90):
        rows, summary = tmp_path / "rows.parquet", tmp_path / "summary.json"
        files = ["--rows", str(rows), "--summary", str(summary), "--model-dir", str(pool)]
        environ = {**os.environ, "SERVEOFF_STATE": str(tmp_path / "state")}
        told = ["--loglevel", "DEBUG"] if during else []
        with log.open("w") as output:
            process = subprocess.Popen(
                [*LOCUST, "--headless", *files, *options, *told],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env=environ,
                start_new_session=True,
            )
        meanwhile = threading.Thread(target=in_the_window, args=[process, during]) if during else None
        try:
            if meanwhile:
                meanwhile.start()
            process.wait(timeout=timeout)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if meanwhile:
                meanwhile.join()
        outcome = Outcome(process.returncode, log.read_text(), rows)
        if summary.exists():
            outcome.summary = json.loads(summary.read_text())
        return outcome

    return run


@pytest.fixture
def free_port():
    return str(loopback_ports.free_port())


@pytest.fixture
def other_port():
    return str(loopback_ports.free_port())


@pytest.fixture
def web_ui(server, pool, tmp_path, free_port):
    """Locust's web UI, with the server announced as `serveoff serve` would; yields its address."""
    from serveoff.loadtests.endpoints import announce
    from serveoff.services.registry import read_registry

    deployment = next(d for d in read_registry() if d.name == "tfserving-savedmodel")
    ports = {"rest": int(server.rest.split(":")[1]), "grpc": int(server.grpc.split(":")[1])}
    announce(deployment, ports, os.getpid(), tmp_path)
    command = [*LOCUST, "--web-host", "127.0.0.1", "--web-port", free_port, "--model-dir", str(pool)]
    process = subprocess.Popen(
        [*command, "--rows", str(tmp_path / "rows.parquet")],
        env={**os.environ, "SERVEOFF_STATE": str(tmp_path)},
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    yield f"http://127.0.0.1:{free_port}"
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture
def two_inputs(tmp_path):
    """The folder of an imported model called `m`, with two inputs and two outputs, and two golden rows."""
    write_model(tmp_path / "m")
    return tmp_path / "m"
