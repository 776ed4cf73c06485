"""Our Flask service compared with other Python servers, and each format's overhead over its floor.

All serve the same TorchScript artifact on core 0, one worker of one thread; wrk sends the same image as JSON from
core 1. Rounds are interleaved (floor, ours, naive, FastAPI ... floor, ours ...), so that drift of the machine hits
all; who is not asked is frozen. Every server's answer is compared with the golden output before it is timed.
The overhead of a server is its median latency at one connection minus that of the bare call in process.
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.contenders import (
    CONTENDERS,
    MODEL,
    NAIVE,
    OURS,
    PEER_PYTHON,
    Contender,
    check,
    document,
    first_row,
)
from benchmarks.service_processes import Load, MissingToolError, all_met, floor, ours, require, run_wrk
from serveoff.models.export import export_model
from serveoff.models.golden import read_golden
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import FORMATS, model_dir

CONNECTIONS = (1, 4, 16)
OVERHEAD_WANTED = 0.5
"""Of the best peer's overhead, at most."""
NAIVE_RATIO_WANTED = 1.8
TAIL_WANTED = 3.0
"""p99 over p50 at 4 connections."""


@dataclass
class Rounds:
    """What was measured: loads by (server, connections), and the floor's median, one of each per round."""

    loads: dict[tuple[str, int], list[Load]] = field(default_factory=dict)
    floor_s: list[float] = field(default_factory=list)

    def ratio(self, name: str, connections: int) -> float:
        """The median over rounds of our requests per second over this server's in the same round."""
        pairs = zip(self.loads[OURS, connections], self.loads[name, connections], strict=True)
        return median(own.requests_per_s / other.requests_per_s for own, other in pairs)

    def overhead_s(self, name: str) -> float:
        """The median over rounds of what the server adds to the bare call, at one connection."""
        return median(load.p50_s - floor_s for load, floor_s in zip(self.loads[name, 1], self.floor_s, strict=True))


def main() -> int:
    """Run and print; exit code 1 if a figure misses what is wanted, 2 if the benchmark cannot run here."""
    arguments = _arguments()
    console = Console()
    try:
        require("wrk", "taskset")
        if not PEER_PYTHON.exists():
            raise MissingToolError(f"{PEER_PYTHON} is not there: make bench-service sets it up")
        export_model(MODEL)
        with tempfile.TemporaryDirectory() as folder:
            rounds = compare(Path(folder), arguments.rounds, arguments.seconds)
            overheads = {} if arguments.no_formats else measure_formats(Path(folder), arguments.seconds)
    except (MissingToolError, ArtifactError) as error:
        console.print(f"[red]error:[/] {error}", soft_wrap=True)
        return 2
    console.print(service_table(rounds))
    if overheads:
        console.print(format_table(overheads))
    return 0 if judge(rounds, console) else 1


def compare(folder: Path, count: int, seconds: float) -> Rounds:
    """Measure all contenders, after their answers were checked."""
    golden = first_row(read_golden(model_dir(MODEL)))
    rounds = Rounds()
    with ExitStack() as running:
        measure_floor = running.enter_context(floor(MODEL, "torchscript", folder))
        servers = []
        for contender in CONTENDERS:
            server = running.enter_context(contender.start(folder))
            with server.alone():
                check(contender, server, golden)
            servers.append((contender, server, write_request(folder, contender, document(contender, golden))))
        for _ in range(count):
            rounds.floor_s.append(measure_floor(seconds))
            for connections in CONNECTIONS:
                for contender, server, script in servers:
                    with server.alone():
                        load = run_wrk(server, script, connections, seconds)
                    rounds.loads.setdefault((contender.name, connections), []).append(load)
    return rounds


def measure_formats(folder: Path, seconds: float) -> dict[str, tuple[float, float]]:
    """Per format, in seconds: the median of the bare call, and our median latency at one connection."""
    contender = CONTENDERS[0]
    script = write_request(folder, contender, document(contender, first_row(read_golden(model_dir(MODEL)))))
    overheads = {}
    for format in FORMATS:
        with floor(MODEL, format, folder) as measure_floor:
            floor_s = measure_floor(seconds)
        with ours(MODEL, format, folder) as server:
            overheads[format] = floor_s, run_wrk(server, script, 1, seconds).p50_s
    return overheads


def write_request(folder: Path, contender: Contender, document: Any) -> Path:
    """The wrk script that posts a document as JSON, as a load test does."""
    name = contender.name.partition(",")[0].replace(" ", "-")
    body, script = folder / f"{name}.json", folder / f"{name}.lua"
    body.write_text(json.dumps(document))
    script.write_text(
        f'local file = io.open("{body}", "rb")\n'
        'wrk.method, wrk.body = "POST", file:read("*a")\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        "file:close()\n"
    )
    return script


def service_table(rounds: Rounds) -> Table:
    """Medians over the rounds; CPU is the server's, per request, and `ours over it` compares requests per second."""
    floor_us = median(rounds.floor_s) * 1e6
    table = Table(title=f"One model, one core, {len(rounds.floor_s)} rounds; the bare call: {floor_us:.0f} us")
    columns = ("conns", "server", "req/s", "p50 ms", "p99 ms", "CPU us", "errors", "ours over it", "overhead us")
    for column in columns:
        table.add_column(column, justify="right")
    for connections in CONNECTIONS:
        for contender in CONTENDERS:
            of = rounds.loads[contender.name, connections]
            table.add_row(
                str(connections),
                contender.name,
                f"{median(load.requests_per_s for load in of):,.0f}",
                f"{median(load.p50_s for load in of) * 1e3:.2f}",
                f"{median(load.p99_s for load in of) * 1e3:.2f}",
                f"{median(load.cpu_s_per_request for load in of) * 1e6:,.0f}",
                str(sum(load.errors for load in of)),
                "" if contender.name == OURS else f"{rounds.ratio(contender.name, connections):.2f}",
                f"{rounds.overhead_s(contender.name) * 1e6:,.0f}" if connections == 1 else "",
            )
        table.add_section()
    return table


def format_table(overheads: dict[str, tuple[float, float]]) -> Table:
    """What Flask, HTTP and JSON add to the bare call, at one connection."""
    table = Table(title="Our Flask service over the in-process floor, medians")
    for column in ("format", "floor us", "served us", "overhead us"):
        table.add_column(column, justify="right")
    for format, (floor_s, served_s) in overheads.items():
        table.add_row(format, *(f"{value * 1e6:,.0f}" for value in (floor_s, served_s, served_s - floor_s)))
    return table


def judge(rounds: Rounds, console: Console) -> bool:
    """Say of each target whether it is met."""
    peers = [contender.name for contender in CONTENDERS if contender.name != OURS]
    ratio, closest, at = min((rounds.ratio(name, c), name, c) for name in peers for c in CONNECTIONS)
    best_s, best = min((rounds.overhead_s(name), name) for name in peers)
    share = rounds.overhead_s(OURS) / best_s
    over_naive = min(rounds.ratio(NAIVE, connections) for connections in CONNECTIONS)
    tail = median(load.p99_s / load.p50_s for load in rounds.loads[OURS, 4])
    errors = sum(load.errors for of in rounds.loads.values() for load in of)
    targets = (
        (ratio > 1, f"ahead of every peer: {ratio:.2f} times {closest} at {at} connections, the closest"),
        (share <= OVERHEAD_WANTED, f"overhead {share:.2f} of {best}'s, the best peer's (wanted: {OVERHEAD_WANTED})"),
        (over_naive >= NAIVE_RATIO_WANTED, f"{over_naive:.2f} times naive Flask (wanted: {NAIVE_RATIO_WANTED})"),
        (tail <= TAIL_WANTED, f"p99 over p50 at 4 connections: {tail:.1f} (wanted: at most {TAIL_WANTED:.0f})"),
        (errors == 0, f"failed requests: {errors}"),
    )
    return all_met(targets, console)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bench_service", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6, help="interleaved rounds (default: 6)")
    parser.add_argument("--seconds", type=float, default=1, help="length of each load (default: 1)")
    parser.add_argument("--no-formats", action="store_true", help="skip the table of all formats")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
