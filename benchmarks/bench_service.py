"""Our Flask service beside a naive Flask app, and each format's overhead over its floor: `make bench-service`.

Both serve the same TorchScript artifact with one gunicorn worker of one thread on core 0; wrk sends the same JSON
body from core 1. Rounds are interleaved (naive, ours, naive, ours ...), so that drift of the machine hits both.
The overhead of a format is the median latency at one connection minus the median of the bare call in process.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.service_processes import Load, MissingToolError, floor_median_s, naive, ours, require, run_wrk
from models.export import export_model
from models.golden import read_golden
from models.manifest import ArtifactError
from models.spec import FORMATS, model_dir

MODEL = "digits_cnn"
CONNECTIONS = (1, 4, 16)
RATIO_WANTED = 1.8
TAIL_WANTED = 3.0
"""p99 over p50 at 4 connections."""


def main() -> int:
    """Run and print; exit code 1 if a figure misses what is wanted, 2 if the benchmark cannot run here."""
    arguments = _arguments()
    console = Console()
    try:
        require("wrk", "taskset")
        export_model(MODEL)
        with tempfile.TemporaryDirectory() as folder:
            script = write_request(Path(folder))
            loads = compare(script, arguments.rounds, arguments.seconds, Path(folder))
            overheads = measure_overheads(script, arguments.seconds, Path(folder))
    except (MissingToolError, ArtifactError) as error:
        console.print(f"[red]error:[/] {error}")
        return 2
    console.print(service_table(loads), overhead_table(overheads))
    return 0 if judge(loads, console) else 1


def write_request(folder: Path) -> Path:
    """The wrk script that posts one golden image as JSON, as a load test does."""
    body = json.dumps({"instances": read_golden(model_dir(MODEL)).inputs[:1].tolist()})
    (folder / "body.json").write_text(body)
    script = folder / "post.lua"
    script.write_text(
        f'local file = io.open("{folder}/body.json", "rb")\n'
        'wrk.method, wrk.body = "POST", file:read("*a")\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        "file:close()\n"
    )
    return script


def compare(script: Path, rounds: int, seconds: float, folder: Path) -> dict[tuple[str, int], list[Load]]:
    """Loads of both servers by (server, connections), one per round."""
    loads: dict[tuple[str, int], list[Load]] = {}
    with naive(MODEL, folder) as baseline, ours(MODEL, "torchscript", folder) as service:
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for name, server in (("naive", baseline), ("ours", service)):
                    load = run_wrk(server, script, connections, seconds)
                    loads.setdefault((name, connections), []).append(load)
    return loads


def measure_overheads(script: Path, seconds: float, folder: Path) -> dict[str, tuple[float, float]]:
    """Per format, in seconds: the median of the bare call, and the median latency at one connection."""
    overheads = {}
    for format in FORMATS:
        floor_s = floor_median_s(MODEL, format, folder, seconds)
        with ours(MODEL, format, folder) as server:
            overheads[format] = floor_s, run_wrk(server, script, 1, seconds).p50_s
    return overheads


def service_table(loads: dict[tuple[str, int], list[Load]]) -> Table:
    """Medians over the rounds; CPU is the server's, per request, and `ratio` our req/s over the naive app's."""
    table = Table(title="TorchScript behind Flask, one worker, one thread, one core")
    for column in ("conns", "server", "req/s", "p50 ms", "p99 ms", "p99/p50", "CPU us", "errors", "ratio"):
        table.add_column(column, justify="right")
    for connections in CONNECTIONS:
        for name in ("naive", "ours"):
            of = loads[name, connections]
            p50, p99 = median(load.p50_s for load in of), median(load.p99_s for load in of)
            table.add_row(
                str(connections),
                name,
                f"{median(load.requests_per_s for load in of):,.0f}",
                f"{p50 * 1e3:.2f}",
                f"{p99 * 1e3:.2f}",
                f"{p99 / p50:.1f}",
                f"{median(load.cpu_s_per_request for load in of) * 1e6:,.0f}",
                str(sum(load.errors for load in of)),
                f"{ratio(loads, connections):.2f}" if name == "ours" else "",
            )
    return table


def overhead_table(overheads: dict[str, tuple[float, float]]) -> Table:
    """What Flask, HTTP and JSON add to the bare call, at one connection."""
    table = Table(title="Our Flask service over the in-process floor, medians")
    for column in ("format", "floor us", "served us", "overhead us"):
        table.add_column(column, justify="right")
    for format, (floor_s, served_s) in overheads.items():
        table.add_row(format, *(f"{value * 1e6:,.0f}" for value in (floor_s, served_s, served_s - floor_s)))
    return table


def ratio(loads: dict[tuple[str, int], list[Load]], connections: int) -> float:
    """The median over rounds of our requests per second over the naive app's in the same round."""
    pairs = zip(loads["ours", connections], loads["naive", connections], strict=True)
    return median(ours.requests_per_s / naive.requests_per_s for ours, naive in pairs)


def judge(loads: dict[tuple[str, int], list[Load]], console: Console) -> bool:
    """Say whether the service is as fast and as even as it should be."""
    lowest = min(ratio(loads, connections) for connections in CONNECTIONS)
    tail = median(load.p99_s / load.p50_s for load in loads["ours", 4])
    errors = sum(load.errors for of in loads.values() for load in of)
    console.print(f"requests per second, ours over naive: {lowest:.2f} at the least (wanted: {RATIO_WANTED})")
    console.print(f"p99 over p50 at 4 connections: {tail:.1f} (wanted: at most {TAIL_WANTED:.0f})")
    console.print(f"failed requests: {errors}")
    return lowest >= RATIO_WANTED and tail <= TAIL_WANTED and errors == 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bench_service", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8, help="interleaved rounds (default: 8)")
    parser.add_argument("--seconds", type=float, default=1, help="length of each load (default: 1)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
