"""What micro-batching gains our Flask service at 32 connections, per format.

Each format is served twice, as it comes and with SERVING_BATCH_SIZE, on core 0; wrk sends the same image as JSON from
core 1. Rounds are interleaved and whoever is not asked is frozen. The golden answers are compared before anything is
timed. Whether batching pays for a model is told by the bare call: rows a second in batches over rows a second alone.
Where that is at least PAYS, the service must be at least WANTED times faster with batching than without.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.bench_service import write_request
from benchmarks.contenders import CONTENDERS, MODEL, check, document, first_row
from benchmarks.service_processes import Load, MissingToolError, all_met, floor, ours, require, run_wrk
from serveoff.models.export import export_model
from serveoff.models.golden import read_golden
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import FORMATS, model_dir

CONNECTIONS = 32
BATCH_SIZE = 32
PAYS = 4.0
"""Times as many rows a second, of the bare model in batches over alone: below that the model itself is the cost."""
WANTED = 2.0


@dataclass
class Measured:
    """One format: loads of the service without and with batching, and the bare model's gain, one of each per round."""

    alone: list[Load] = field(default_factory=list)
    batched: list[Load] = field(default_factory=list)
    model_gain: list[float] = field(default_factory=list)

    @property
    def gain(self) -> float:
        """The median over rounds of requests per second with batching over without, in the same round."""
        pairs = zip(self.batched, self.alone, strict=True)
        return median(batched.requests_per_s / alone.requests_per_s for batched, alone in pairs)

    @property
    def pays(self) -> bool:
        """The bare model computes rows in batches so much faster than alone."""
        return median(self.model_gain) >= PAYS


def main() -> int:
    """Run and print; exit code 1 where batching pays for a model and not enough in the service, 2 if it cannot run."""
    arguments = _arguments()
    console = Console()
    try:
        require("wrk", "taskset")
        export_model(MODEL)
        measured = {}
        for format in FORMATS:
            with tempfile.TemporaryDirectory() as folder:
                measured[format] = measure(Path(folder), format, arguments.rounds, arguments.seconds)
    except (MissingToolError, ArtifactError) as error:
        console.print(f"[red]error:[/] {error}", soft_wrap=True)
        return 2
    console.print(table(measured))
    return 0 if judge(measured, console) else 1


def measure(folder: Path, format: str, rounds: int, seconds: float) -> Measured:
    """Measure one format in interleaved rounds."""
    contender = CONTENDERS[0]
    golden = first_row(read_golden(model_dir(MODEL)))
    script, measured = write_request(folder, contender, document(contender, golden)), Measured()
    with ExitStack() as running:
        call = running.enter_context(floor(MODEL, format, folder))
        servers = [
            running.enter_context(ours(MODEL, format, folder)),
            running.enter_context(ours(MODEL, format, folder, batch_size=BATCH_SIZE)),
        ]
        for server in servers:
            with server.alone():
                check(contender, server, golden)
        for _ in range(rounds):
            one_s, many_s = call(seconds / 2), call(seconds / 2, BATCH_SIZE)
            measured.model_gain.append(BATCH_SIZE * one_s / many_s)
            for server, loads in zip(servers, (measured.alone, measured.batched), strict=True):
                with server.alone():
                    loads.append(run_wrk(server, script, CONNECTIONS, seconds))
    return measured


def table(measured: dict[str, Measured]) -> Table:
    """Medians over the rounds."""
    found = Table(title=f"Our Flask service at {CONNECTIONS} connections, batches of up to {BATCH_SIZE} rows, one core")
    for column in ("format", "alone req/s", "batched req/s", "gain", "the bare model's gain", "p99 ms alone, batched"):
        found.add_column(column, justify="right", no_wrap=column == "format")
    for format, m in measured.items():
        alone, batched = (median(load.requests_per_s for load in of) for of in (m.alone, m.batched))
        tails = (median(load.p99_s for load in of) * 1e3 for of in (m.alone, m.batched))
        found.add_row(
            *(format, f"{alone:,.0f}", f"{batched:,.0f}", f"{m.gain:.2f}", f"{median(m.model_gain):.1f}"),
            ", ".join(f"{tail:.0f}" for tail in tails),
        )
    return found


def judge(measured: dict[str, Measured], console: Console) -> bool:
    """Say of each format for which batching pays whether the service gains enough; one there must be."""
    paying = {format: m for format, m in measured.items() if m.pays}
    errors = sum(load.errors for m in measured.values() for load in (*m.alone, *m.batched))
    targets = [(m.gain >= WANTED, f"{format}: {m.gain:.2f} times (wanted: {WANTED})") for format, m in paying.items()]
    targets += [(bool(paying), f"{len(paying)} formats for which batching pays"), (not errors, f"{errors} errors")]
    return all_met(targets, console)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bench_batching", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="interleaved rounds of each format (default: 4)")
    parser.add_argument("--seconds", type=float, default=1, help="length of each load (default: 1)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
