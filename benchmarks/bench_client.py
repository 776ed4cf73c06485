"""What the load generator costs: plain FastHttpUser, ours with its record, and wrk, on one core (`make bench-client`).

The server has a core of its own and answers zeros: the null deployment, and a bare socket server that is faster
than any of the clients, so that there the client is what is measured. Rounds are interleaved; medians are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.service_processes import read_wrk, serve, settings_of
from serveoff.loadtests.answer_check import Reservoir
from serveoff.loadtests.payloads import json_rows
from serveoff.loadtests.recording.recorder import Recorder
from serveoff.loadtests.recording.rows import read_rows
from serveoff.loadtests.samples import SamplesError, golden_inputs
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models import zoo
from serveoff.models.isolation import isolated
from serveoff.models.tensors import take

MODEL = "digits_cnn"
LEAST_RATIO = 0.85
USERS = 4
LOCUST = [sys.executable, "-m", "locust", "--headless", "--only-summary", "-u", str(USERS), "-r", str(USERS)]
CPUS = plan_cpus()


@dataclass(frozen=True)
class Rate:
    """Requests per second; median and 99th percentile of the latency in microseconds, where it was recorded."""

    per_s: float
    p50_us: float = float("nan")
    p99_us: float = float("nan")


def main() -> int:
    """Exit code 1 where recording costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    try:
        golden_inputs(MODEL)
    except SamplesError as error:
        sys.exit(f"error: {error}")
    print(f"server on core {CPUS.server}, client on core {CPUS.client}, {USERS} connections, {options.rounds} rounds")
    if CPUS.shared:
        print("only one core here: server and client share it, and the figures say little about either")
    ratios = [_measure(name, command, options) for name, command in SERVERS.items()]
    _print_recorder_alone()
    print(f"least ratio allowed: {LEAST_RATIO}; found: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    return int(min(ratios) < LEAST_RATIO)


def plain(address: str, seconds: int, folder: Path) -> Rate:
    """FastHttpUser; Locust's own percentiles are rounded to a millisecond and not shown."""
    command = [*LOCUST, "-f", "benchmarks/plain_locustfile.py", "--host", f"http://{address}"]
    output = _on_client([*command, "--run-time", f"{seconds}s", "--json", "--skip-log"])
    found = json.loads(output[output.index("[") :])
    if not found or found[0]["num_failures"]:
        raise RuntimeError(f"the yardstick got no answers, or failures: {found or 'none'}; try more --seconds")
    (stats,) = found
    return Rate(stats["num_requests"] / (stats["last_request_timestamp"] - stats["start_time"]))


def by_hand(address: str, seconds: int, folder: Path) -> Rate:
    """Ours with the record, and with Locust's own statistics as the web page shows them."""
    return _ours(address, folder, ["--run-time", f"{seconds}s"])


def recorded(address: str, seconds: int, folder: Path) -> Rate:
    """Ours as the runner calls it."""
    return _ours(address, folder, ["--stages", f"{USERS}:{seconds}"])


def wrk(address: str, seconds: int, folder: Path) -> Rate:
    """The yardstick for latency, in C, with one body of the pool."""
    row = take(golden_inputs(MODEL), slice(1))
    script, body = folder / "post.lua", json_rows.encode(zoo.load_spec(MODEL), row).decode()
    script.write_text(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '{body}'\n")
    options = ["-t1", f"-c{USERS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    load, _ = read_wrk(_on_client(["wrk", *options, f"http://{address}/v1/models/{MODEL}:predict"]))
    return Rate(load.requests_per_s, load.p50_s * 1e6, load.p99_s * 1e6)


CLIENTS: dict[str, Callable[[str, int, Path], Rate]] = {
    "plain FastHttpUser": plain,
    "serveoff, recorded": recorded,
    "serveoff, with Locust's statistics": by_hand,
    "wrk": wrk,
}
SERVERS = {
    "null deployment (Flask)": lambda port: isolated("serveoff.services.flaskrest"),
    "bare socket server": lambda port: [sys.executable, "-m", "benchmarks.null_server", str(port)],
}


def _measure(name: str, command: Callable[[int], list[str]], options: argparse.Namespace) -> float:
    rates: dict[str, list[Rate]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, _server(command, Path(folder)) as address:
        for _ in range(options.rounds):
            for client, run in CLIENTS.items():
                if client != "wrk" or shutil.which("wrk"):
                    rates[client].append(run(address, options.seconds, Path(folder)))
    print(f"\n{name}\n  {'client':36}{'req/s':>9}{'ratio':>8}{'p50 us':>9}{'p99 us':>9}")
    base = rates["plain FastHttpUser"]
    ratios = {}
    for client, found in rates.items():
        ratios[client] = statistics.median(a.per_s / b.per_s for a, b in zip(found, base, strict=True))
        per_s, p50, p99 = (statistics.median(column) for column in zip(*map(astuple, found), strict=True))
        print(f"  {client:36}{per_s:9.0f}{ratios[client]:8.2f}{_shown(p50)}{_shown(p99)}")
    return min(ratio for client, ratio in ratios.items() if client.startswith("serveoff"))


def _ours(address: str, folder: Path, how: list[str]) -> Rate:
    rows, summary = folder / "rows.parquet", folder / "summary.json"
    options = ["--endpoint", "flask-null-rest", "--address", address, "--rows", str(rows), "--summary", str(summary)]
    _on_client([*LOCUST, "-f", "loadtests/locustfile.py", *options, *how])
    (window,) = json.loads(summary.read_text())["windows"]
    if window["errors"] or window["wrong_answers"] or not window["answers_checked"]:
        raise RuntimeError(f"the server answered badly: {window}")
    table = read_rows(rows)
    latencies = table.filter(table["measured"])["latency_s"].to_numpy()
    return Rate(len(latencies) / window["duration_s"], *np.percentile(latencies, [50, 99]) * 1e6)


def _on_client(command: list[str]) -> str:
    environ = {**os.environ, "BENCH_MODEL": MODEL}
    with processes.on_cpus(CPUS.client):
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


@contextmanager
def _server(command: Callable[[int], list[str]], folder: Path) -> Iterator[str]:
    port = free_port()
    env = settings_of(MODEL, "null", folder) | {"SERVING_REST_PORT": str(port)}
    with ExitStack() as running:
        with processes.on_cpus(CPUS.server):
            running.enter_context(serve(command(port), env, port, "", folder))
        yield f"127.0.0.1:{port}"


def _print_recorder_alone() -> None:
    """The share of the record in each request, without a socket and a scheduler around it."""
    count, random = 200_000, Random(1)
    recorder, reservoir = Recorder([9000] * 64), Reservoir(500, seed=1)
    samples = [random.randrange(64) for _ in range(count)]
    start = time.perf_counter()
    for sample in samples:
        recorder.record(start, 0.0001, 200, sample, 230, start)
        reservoir.offer(start, sample, b"")
    print(f"\nthe record alone: {(time.perf_counter() - start) / count * 1e6:.2f} us per request")


def _shown(value: float) -> str:
    return f"{value:9.0f}" if value == value else f"{'-':>9}"


if __name__ == "__main__":
    sys.exit(main())
