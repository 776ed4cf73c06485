"""Throughput and lateness of the load generator on one core, compared with one greenlet per caller.

The server has a core of its own and answers zeros by a bare socket loop. Rounds are interleaved; medians are shown. The
exit code is 1 where the generator sends less than 1.5 times what greenlet users send, or where the 99th percentile of
its lateness at 2,000 Poisson arrivals a second is above 0.3 ms, which takes a quiet machine. The last line is JSON.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.commanded import LOCUSTFILE, Commanded, commanded
from benchmarks.service_processes import serve, settings_of
from serveoff.loadtests.samples import SamplesError, golden_inputs
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.measure.runtimes.loopback_ports import free_port

MODEL = "digits_cnn"
LEAST_RATIO, MOST_LATE_MS = 1.5, 0.3
CALLERS, ARRIVALS = 4, "poisson@2000"
GENERATOR, GREENLETS = "one loop", "greenlet users"
LOCUSTFILES = {GENERATOR: LOCUSTFILE, GREENLETS: Path(__file__).parent / "greenlet_locustfile.py"}
CPUS = plan_cpus()


@dataclass
class Found:
    """One item a round: requests a second, median latency in microseconds, 99th percentile of lateness in ms."""

    per_s: list[float] = field(default_factory=list)
    p50_us: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    try:
        golden_inputs(MODEL)
    except SamplesError as error:
        sys.exit(f"error: {error}")
    print(f"server on core {CPUS.server}, client on core {CPUS.client}, {CALLERS} callers, {options.rounds} rounds")
    if CPUS.shared:
        print("only one core here: server and client share it, and the figures say little about either")
    found = measure(options.rounds, options.seconds)
    ratio = statistics.median(a / b for a, b in zip(found[GENERATOR].per_s, found[GREENLETS].per_s, strict=True))
    late_ms = {name: statistics.median(found[name].late_ms) for name in LOCUSTFILES}
    _show(found)
    holds = ratio >= LEAST_RATIO and late_ms[GENERATOR] <= MOST_LATE_MS
    per_s = {name: round(statistics.median(of.per_s)) for name, of in found.items()}
    print(json.dumps({"holds": holds, "ratio": ratio, "requests_per_s": per_s, "late_p99_ms": late_ms}))
    return int(not holds)


def measure(rounds: int, seconds: float) -> dict[str, Found]:
    """Each client in turn, round by round."""
    found = {name: Found() for name in LOCUSTFILES}
    with ExitStack() as stack:
        port = stack.enter_context(_server(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        clients = {
            name: stack.enter_context(commanded(CPUS.client, port, MODEL, path)) for name, path in LOCUSTFILES.items()
        }
        for number in range(rounds):
            for name, client in clients.items():
                _measure(client, seconds, number, found[name])
    return found


def _measure(client: Commanded, seconds: float, seed: int, found: Found) -> None:
    closed, arrivals = client.slice(str(CALLERS), seconds, seed=seed), client.slice(ARRIVALS, seconds, seed=seed)
    for window in (closed.window, arrivals.window):
        if window.get("errors") or window.get("wrong_answers") or not window["answers_checked"]:
            raise RuntimeError(f"bad answer from the server: {window}")
    found.per_s.append(closed.window["requests"] / closed.window["duration_s"])
    found.p50_us.append(float(np.median(closed.measured()["latency_s"])) * 1e6)
    found.late_ms.append(arrivals.window["late_s"] * 1e3)


def _show(found: dict[str, Found]) -> None:
    table = Table("client", "requests/s", "p50 (us)", f"lateness p99 at {ARRIVALS} (ms)")
    for name, of in found.items():
        columns = ((of.per_s, ".0f"), (of.p50_us, ".0f"), (of.late_ms, ".3f"))
        table.add_row(name, *(f"{statistics.median(values):{form}}" for values, form in columns))
    Console().print(table)


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    port = free_port()
    env = settings_of(MODEL, "null", folder) | {"SERVING_REST_PORT": str(port)}
    command = [sys.executable, "-m", "benchmarks.null_server", str(port)]
    with ExitStack() as running:
        with processes.on_cpus(CPUS.server):
            running.enter_context(serve(command, env, port, "", folder))
        yield port


if __name__ == "__main__":
    sys.exit(main())
