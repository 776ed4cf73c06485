import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from serveoff.loadtests.generator.commands import SamplesCommand
from serveoff.loadtests.problems import WindowCode
from serveoff.measure.runtimes import loopback_ports
from serveoff.models.golden import Golden, read_golden, write_golden
from tests.imported import write_model
from tests.loadtests.rows import read_rows
from tests.waiting import wait_until

REPOSITORY = Path(__file__).parent.parent.parent
LOCUST = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py"]
PREDICT = "/v1/models/digits_cnn:predict"
ALL_RUN = re.compile("All users spawned|Spawning is complete")
ROWS = {
    **dict.fromkeys(("due_s", "start_s", "latency_s"), "<f8"),
    **dict.fromkeys(("status", "bytes_in", "bytes_out"), "<i4"),
    "measured": "u1",
}
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

    def __init__(self, folder, host="127.0.0.1"):
        command = [sys.executable, "-m", "tests.loadtests.fake_server", str(folder), host]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        ports = self.process.stdout.readline().split()
        self.rest, self.grpc = (f"{host}:{port}" for port in ports)

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

    @property
    def rows(self):
        return read_rows(self.rows_path).to_pylist()

    @property
    def windows(self):
        """For each number of users in turn: how many they were, their requests, and how many of these failed."""
        by_number = {}
        for row in self.rows:
            if row["measured"]:
                by_number.setdefault(row["slice"], []).append(row)
        return [
            {
                "concurrency": rows[0]["concurrency"],
                "requests": len(rows),
                "errors": sum(row["status"] != 200 for row in rows),
            }
            for _, rows in sorted(by_number.items())
        ]

    @property
    def wrong_answers(self):
        """How many of them Locust counts as failures."""
        return sum(map(int, re.findall(r"^(\d+) .*wrong answer", self.output, re.M)))


@pytest.fixture
def locust(pool, tmp_path):
    """Runs Locust with our file; `during(process)` is called once all users run. It may have `open_files`, at most."""
    log = tmp_path / "locust.log"

    def when_all_run(process, during):
        wait_until(lambda: process.poll() is not None or ALL_RUN.search(log.read_text()), "all users run")
        during(process)

    def run(*options, during=None, timeout=90, open_files=None):
        limited = ["sh", "-c", f'ulimit -n {open_files}; exec "$@"', "sh"] if open_files else []
        rows = tmp_path / "rows.parquet"
        files = ["--rows", str(rows), "--model-dir", str(pool)]
        environ = {**os.environ, "SERVEOFF_STATE": str(tmp_path / "state")}
        with log.open("w") as output:
            process = subprocess.Popen(
                [*limited, *LOCUST, "--headless", *files, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env=environ,
                start_new_session=True,
            )
        meanwhile = threading.Thread(target=when_all_run, args=[process, during]) if during else None
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
        return Outcome(process.returncode, log.read_text(), rows)

    return run


@dataclass
class Slice:
    """What the generator told of one."""

    window: dict
    served: int
    rows: dict

    def measured(self, name):
        return self.rows[name][self.rows["measured"] == 1]


def faults(done):
    """What was wrong with a window, but for the generator's own limit: that a busy machine causes by itself."""
    return [problem for problem in done.window.get("problems", []) if problem["code"] != WindowCode.OUT_OF_CPU]


class Generator:
    """A Locust process that does what it is told, or has its workers do it."""

    def __init__(self, log, *options):
        self.log, self.opened = log, []
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [*LOCUST, "--headless", "--commands", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=REPOSITORY,
                start_new_session=True,
            )

    def tell(self, command, **fields):
        self.process.stdin.write(json.dumps({"command": command, **fields}).encode() + b"\n")
        self.process.stdin.flush()

    def event(self):
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        return json.loads(line)

    def endpoint(self, name, address, model_dir, precision="", unseen=False, **more):
        host, _, port = address.partition(":")
        protocol, format = name.rpartition("-")[2], name.split("-")[1]
        samples = SamplesCommand.of("digits_cnn", read_golden(Path(model_dir)), unseen=unseen)
        self.tell(**samples.model_dump())
        fields = {"model": "digits_cnn", "format": format, "path": PREDICT, "grpc_api": name.split("-")[0]}
        fields |= {"precision": precision} if precision else {}
        target = {"name": name, "protocol": protocol, "host": host, "port": int(port), **fields}
        self.tell("endpoint", target=target, **more)
        event = self.event()
        assert event.get("name") == name, event
        return event

    def begin(self, endpoint, load, duration_s, **more):
        fields = {"lead_in_s": 0.1, "seed": 3, **more}
        self.tell("slice", endpoint=endpoint, load=load, duration_s=duration_s, **fields)

    def open(self):
        """The window of a slice that was begun opens."""
        event = self.event()
        assert event == {"event": "open"}, event
        self.opened.append(time.time())

    def end(self):
        """What came of it."""
        event = self.event()
        assert event["event"] == "done", event
        packed = event["rows"]
        rows = {name: np.frombuffer(base64.b64decode(packed[name]), kind) for name, kind in ROWS.items()}
        assert set(packed) == set(ROWS)
        return Slice(event["window"], event["served"], rows)

    def slice(self, *args, warm_up=False, **more):
        self.begin(*args, **more)
        if not warm_up:
            self.open()
        return self.end()

    def close(self):
        self.process.stdin.close()
        try:
            return self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self.process.stdout.close()


@pytest.fixture
def generator(tmp_path):
    generator = Generator(tmp_path / "generator.log")
    assert generator.event() == {"event": "ready"}
    yield generator
    generator.close()


@pytest.fixture
def free_port():
    return str(loopback_ports.free_port())


@pytest.fixture
def other_port():
    return str(loopback_ports.free_port())


@pytest.fixture
def web_ui(server, pool, tmp_path, free_port, monkeypatch):
    """Locust's web UI, with the server announced as `serveoff serve` would; yields its address."""
    from serveoff.loadtests.endpoints import announce
    from serveoff.services.registry import read_registry

    deployment = next(d for d in read_registry() if d.name == "tfserving-savedmodel")
    ports = {"rest": int(server.rest.split(":")[1]), "grpc": int(server.grpc.split(":")[1])}
    monkeypatch.setenv("SERVEOFF_STATE", str(tmp_path))
    announce(deployment, ports, os.getpid())
    command = [*LOCUST, "--web-host", "127.0.0.1", "--web-port", free_port, "--model-dir", str(pool)]
    process = subprocess.Popen(
        [*command, "--rows", str(tmp_path / "rows.parquet")],
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
