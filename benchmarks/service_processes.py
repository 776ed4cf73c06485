"""The processes of the service's benchmarks: servers on one core, wrk on the other, and the floor."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import psutil
from rich.console import Console

from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models.isolation import isolated
from serveoff.models.spec import REPOSITORY, model_dir

SERVER_CORE = 0
CLIENT_CORE = 1
START_S = 120.0
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
        raise ValueError(f"this is not a report of wrk: {text!r}")
    socket_errors = re.search(r"Socket errors: (.*)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, re.findall(r"\d+", socket_errors[1]))) if socket_errors else 0
    errors += int(refused[1]) if refused else 0
    return Load(float(rate[1]), percentiles["50"], percentiles["99"], errors), int(requests[1])


@dataclass(frozen=True)
class Server:
    """A running server: the URL that predicts, and the process that it began with, which leads a group of its own."""

    url: str
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        """CPU seconds of the process and its children so far."""
        master = psutil.Process(self.process.pid)
        times = (process.cpu_times() for process in (master, *master.children(recursive=True)))
        return sum(time.user + time.system for time in times)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Awake within the block and frozen after it, so that an idle server takes nothing from another's core."""
        processes.thaw(self.process)
        try:
            yield
        finally:
            processes.freeze(self.process)


@contextmanager
def ours(model: str, format: str, folder: Path, **settings: object) -> Iterator[Server]:
    """Our service."""
    port = free_port()
    own = {f"SERVING_{name.upper()}": str(value) for name, value in settings.items()}
    env = settings_of(model, format, folder) | own | {"SERVING_REST_PORT": str(port)}
    command = on_server_core(*isolated("serveoff.services.flaskrest"))
    with serve(command, env, port, f"/v1/models/{model}:predict", folder) as server:
        yield server


@contextmanager
def floor(model: str, format: str, folder: Path) -> Iterator[Callable[..., float]]:
    """A function of seconds and rows a call (1): calls the bare model for so long and gives the median of a call's.

    It runs on the server's core and waits in between; ValueError if its answers are wrong.
    """
    command = on_server_core(*isolated("serveoff.services.inprocess"))
    env = os.environ | settings_of(model, format, folder)
    start = partial(processes.spawn, command, env, subprocess.DEVNULL, pipes=True, cwd=REPOSITORY)
    with processes.running(start) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, events = process.stdin, process.stdout
        events.readline()  # that it is ready
        yield partial(_call_floor, orders, events)


def _call_floor(orders: IO[bytes], events: IO[bytes], seconds: float, batch: int = 1) -> float:
    command = {"command": "measure", "duration_s": seconds, "batch": batch}
    orders.write(json.dumps(command).encode() + b"\n")
    orders.flush()
    event = json.loads(events.readline())
    if event["event"] != "measured" or event["wrong_answers"]:
        raise ValueError(f"the floor answered wrongly: {event}")
    return float(np.median(np.frombuffer(base64.b64decode(event["latency_s"]))))


@contextmanager
def serve(command: list[str], env: dict[str, str], port: int, path: str, folder: Path) -> Iterator[Server]:
    """Start a server in a process group of its own, wait until it takes requests, and stop it at the end."""
    log = folder / f"server-{port}.log"
    with processes.running(partial(processes.spawn, command, os.environ | env, log, cwd=REPOSITORY)) as process:
        _wait(process, port, log)
        yield Server(f"http://127.0.0.1:{port}{path}", process)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Any HTTP answer will do: a gunicorn worker takes requests once its application is loaded."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        try:
            connection.request("GET", "/readyz")
            connection.getresponse()
            return
        except (ConnectionError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise MissingToolError(f"the server did not start: {processes.tail(log)}")


def settings_of(model: str, format: str, folder: Path) -> dict[str, str]:
    """The environment of a service of ours."""
    return {
        "SERVING_MODEL": model,
        "SERVING_MODEL_DIR": str(model_dir(model)),
        "SERVING_FORMAT": format,
        "SERVING_WORK_DIR": str(folder),
    }


def all_met(targets: Iterable[tuple[bool, str]], console: Console) -> bool:
    """Say of each target, in its words, whether it is met."""
    targets = list(targets)
    for met, text in targets:
        console.print(f"{'met:   ' if met else 'MISSED:'} {text}", soft_wrap=True)
    return all(met for met, _ in targets)


def on_server_core(*command: str) -> list[str]:
    """The command, kept to the server's core."""
    return ["taskset", "-c", str(SERVER_CORE), *command]
