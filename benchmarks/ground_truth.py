"""What the load generator measures against what is true: `python -m benchmarks.ground_truth [SECONDS]`.

A server whose latencies are known, stalls included, is measured by an open loop at 500 requests a second and, for
contrast, by a closed loop. The open loop must agree with the truth within 3% at p50 and p90 and 5% at p99; the exit
code is 1 where it does not. A closed loop sends next to nothing while the server stalls, and so hardly sees it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.delay_server import truth
from serveoff.loadtests.recording.rows import read_rows
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.measure.runtimes.processes import on_cpus
from serveoff.models.isolation import isolated

QUANTILES = {"p50": (0.50, 0.03), "p90": (0.90, 0.03), "p99": (0.99, 0.05)}
"""Each with the error allowed."""
RATE, CALLERS = 500, 8
LOCUSTFILE = Path(__file__).parent.parent / "loadtests" / "locustfile.py"


def measure(duration_s: float, seed: int = 1) -> dict[str, np.ndarray]:
    """Latencies (n,) in seconds from when each request was due, by load; SystemExit where Locust failed."""
    cpus = plan_cpus("", "")
    loads = {"closed": str(CALLERS), "open": f"poisson@{RATE}"}
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.parquet"
        with on_cpus(cpus.server):
            server = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.delay_server", str(seed)], stdout=subprocess.PIPE, text=True
            )
        assert server.stdout is not None
        try:
            address = f"127.0.0.1:{server.stdout.readline().strip()}"
            stages = ",".join(f"{load}:{duration_s}" for load in loads.values())
            options = ("--endpoint", "flask-null-rest", "--address", address, "--stages", stages, "--warmup", "0.5")
            command = isolated("locust", "-f", str(LOCUSTFILE), "--headless", *options)
            with on_cpus(cpus.client):
                subprocess.run([*command, "--rows", str(rows), "--seed", str(seed)], check=True)
        finally:
            server.kill()
            server.wait()
        return {name: _latencies(rows, number) for number, name in enumerate(loads)}


def errors(latency_s: np.ndarray) -> dict[str, float]:
    """By how much each percentile is off, as a share of the truth."""
    true = truth([q for q, _ in QUANTILES.values()])
    measured = np.quantile(latency_s, [q for q, _ in QUANTILES.values()])
    return {name: float(m / t - 1) for name, m, t in zip(QUANTILES, measured, true, strict=True)}


def _latencies(rows: Path, window: int) -> np.ndarray:
    table = read_rows(rows)
    inside = (table["window"].to_numpy() == window) & (table["status"].to_numpy() == 200)
    due, start, latency = (table[name].to_numpy()[inside] for name in ("intended_start_s", "start_s", "latency_s"))
    waited: np.ndarray = start - due + latency
    return waited


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
