"""What the load generator measures against what is true: `python -m benchmarks.ground_truth [SECONDS]`.

A server whose latencies are known, stalls included, is measured in slices by an open loop at 500 requests a second and,
for contrast, by a closed loop. The open loop must agree with the truth within 3% at p50 and p90 and 5% at p99; the exit
code is 1 where it does not. A closed loop sends next to nothing while the server stalls, and so hardly sees it.

Stalls come by the clock. So that a few slices see as much of them as many would, each part of the time from stall to
stall is in equally many slices of each load.
"""

import math
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import product

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.commanded import commanded
from benchmarks.delay_server import PERIOD_S, truth
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.measure.runtimes.processes import on_cpus

MODEL = "digits_cnn"
QUANTILES = {"p50": (0.50, 0.03), "p90": (0.90, 0.03), "p99": (0.99, 0.05)}
"""Each with the error allowed."""
LOADS = {"closed": "8", "open": "poisson@500"}
SLICE_S, LEAD_IN_S = 0.5, 0.1
PHASES_S = [*np.arange(0, PERIOD_S, 2 * SLICE_S), *np.arange(SLICE_S, PERIOD_S, 2 * SLICE_S)]
"""When after a stall's beginning each slice of a sweep does: as long lies between two, for the last answers."""


def measure(duration_s: float, seed: int = 1, once: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Latencies (n,) in seconds from when each request was due, by load, over at least so many seconds of slices.

    A load that is named in `once` has one sweep.
    """
    cpus, found = plan_cpus("", ""), {name: [np.empty(0)] for name in LOADS}
    with _server(cpus.server, seed) as port, commanded(cpus.client, port, MODEL) as generator:
        sweeps = product(range(math.ceil(duration_s / PERIOD_S)), LOADS.items(), PHASES_S)
        for number, (sweep, (name, load), phase_s) in enumerate(sweeps):
            if sweep and name in once:
                continue
            _wait_for_phase(phase_s)
            found[name].append(generator.slice(load, SLICE_S, LEAD_IN_S, seed + number).waited_s())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _wait_for_phase(phase_s: float) -> None:
    """Until a window that is asked for now begins so long after a stall did."""
    time.sleep((phase_s - LEAD_IN_S - time.time()) % PERIOD_S)


@contextmanager
def _server(cpus: tuple[int, ...], seed: int) -> Iterator[int]:
    with on_cpus(cpus):
        command = [sys.executable, "-m", "benchmarks.delay_server", str(seed)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.communicate()


def errors(latency_s: np.ndarray) -> dict[str, float]:
    """By how much each percentile is off, as a share of the truth."""
    true = truth([q for q, _ in QUANTILES.values()])
    measured = np.quantile(latency_s, [q for q, _ in QUANTILES.values()])
    return {name: float(m / t - 1) for name, m, t in zip(QUANTILES, measured, true, strict=True)}


def main(duration_s: float) -> int:
    """Measure, print, and judge the open loop."""
    measured = measure(duration_s)
    true = truth([q for q, _ in QUANTILES.values()])
    table = Table("", "requests", *QUANTILES, title=f"Milliseconds; {duration_s:g} s each")
    table.add_row("truth", "", *(f"{value * 1e3:.2f}" for value in true))
    for name, latency_s in measured.items():
        off = errors(latency_s)
        cells = [f"{np.quantile(latency_s, QUANTILES[p][0]) * 1e3:.2f} ({off[p]:+.1%})" for p in QUANTILES]
        table.add_row(f"{name} loop", f"{latency_s.size:,}", *cells)
    Console().print(table)
    missed = [name for name, share in errors(measured["open"]).items() if abs(share) > QUANTILES[name][1]]
    print(
        f"open loop beyond the error allowed: {', '.join(missed)}" if missed else "the open loop agrees with the truth"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0))
