"""The processes of `bench_service`: two servers on one core, wrk on the other, and the floor."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

from models.manifest import read_manifest
from models.spec import REPOSITORY, model_dir

SERVER_CORE = 0
CLIENT_CORE = 1
START_S = 120.0
STOP_S = 15.0
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


class MissingToolError(Exception):
    """A program that the benchmark needs is not there; the message says how to get it."""


@dataclass(frozen=True)
class Load:
    """What wrk saw. Latencies in seconds; wrk keeps them to the microsecond."""

    requests_per_s: float
    p50_s: float
    p99_s: float
    errors: int
    cpu_s_per_request: float = 0.0
    """What the server spent; unlike the rest, it hardly depends on what else the machine does."""


def require(*programs: str) -> None:
    """MissingToolError unless all programs are on PATH and there are two cores to keep apart."""
    for program in programs:
        if shutil.which(program) is None:
            raise MissingToolError(f"{program} is not on PATH: on Debian or Ubuntu, apt-get install wrk util-linux")
    if not {SERVER_CORE, CLIENT_CORE} <= os.sched_getaffinity(0):
        raise MissingToolError("this benchmark needs cores 0 and 1: one for the server, one for wrk")


def run_wrk(server: Server, script: Path, connections: int, seconds: float) -> Load:
    """One load of at least a second by wrk on the client's core."""
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    before_s = server.cpu_s()
    done = subprocess.run(
        [*command, "--latency", "-s", str(script), server.url], capture_output=True, text=True, check=True
    )
    load, requests = read_wrk(done.stdout)
    return replace(load, cpu_s_per_request=(server.cpu_s() - before_s) / max(1, requests))


def read_wrk(text: str) -> tuple[Load, int]:
    """Wrk's report as figures, and its count of requests; ValueError if it is none."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    percentiles = {p: float(v) * _UNITS[u] for p, v, u in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", text, re.M)}
    requests = re.search(r"(\d+) requests in", text)
    if rate is None or requests is None or not {"50", "99"} <= set(percentiles):
        raise ValueError(f"this is no report of wrk: {text!r}")
    socket_errors = re.search(r"Socket errors: (.*)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, re.findall(r"\d+", socket_errors[1]))) if socket_errors else 0
    errors += int(refused[1]) if refused else 0
    return Load(float(rate[1]), percentiles["50"], percentiles["99"], errors), int(requests[1])


@dataclass(frozen=True)
class Server:
    """A running server: the URL that predicts, and the process that it began with."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """CPU seconds of the process and its children so far."""
        master = psutil.Process(self.pid)
        times = (process.cpu_times() for process in (master, *master.children(recursive=True)))
        return sum(time.user + time.system for time in times)


@contextmanager
def naive(model: str, folder: Path) -> Iterator[Server]:
    """The naive app under gunicorn's sync worker."""
    port = _free_port()
    artifact = model_dir(model) / read_manifest(model_dir(model)).artifacts["torchscript"].path
    command = ["gunicorn", "--workers=1", "--worker-class=sync", "--no-control-socket", f"--bind=127.0.0.1:{port}"]
    env = {"NAIVE_MODEL": str(artifact / "model.pt" if artifact.is_dir() else artifact)}
    with _server([*command, "benchmarks.naive_flask:app"], env, port, f"/v1/models/{model}:predict", folder) as server:
        yield server


@contextmanager
def ours(model: str, format: str, folder: Path) -> Iterator[Server]:
    """Our service."""
    port = _free_port()
    env = _settings(model, format, folder) | {"SERVING_REST_PORT": str(port)}
    with _server(["services.flaskrest"], env, port, f"/v1/models/{model}:predict", folder) as server:
        yield server


def floor_median_s(model: str, format: str, folder: Path, seconds: float) -> float:
    """The median latency of the bare call in a process of its own, on the server's core."""
    rows = folder / "floor.npz"
    command = json.dumps({"command": "measure", "duration_s": seconds, "rows": str(rows)})
    subprocess.run(
        [*_python(), "services.inprocess"],
        env=os.environ | _settings(model, format, folder),
        input=command.encode(),
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    with np.load(rows) as arrays:
        return float(np.median(arrays["latency_s"]))


@contextmanager
def _server(module: list[str], env: dict[str, str], port: int, path: str, folder: Path) -> Iterator[Server]:
    """Start a server in a process group of its own, wait until it takes requests, and stop it at the end."""
    with (folder / f"server-{port}.log").open("w+") as log:
        process = subprocess.Popen(
            [*_python(), *module],
            env=os.environ | env,
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, log.name)
            yield Server(f"http://127.0.0.1:{port}{path}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    """Any HTTP answer will do: a gunicorn worker takes requests once its application is loaded."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        try:
            connection.request("GET", "/readyz")
            connection.getresponse()
            return
        except ConnectionError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise MissingToolError(f"the server did not start: {Path(log).read_text()[-2000:]}")


def _settings(model: str, format: str, folder: Path) -> dict[str, str]:
    return {
        "SERVING_MODEL": model,
        "SERVING_MODEL_DIR": str(model_dir(model)),
        "SERVING_FORMAT": format,
        "SERVING_WORK_DIR": str(folder),
    }


def _python() -> list[str]:
    return ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
