"""What MLPerf Inference would call a load (Reddi et al., *MLPerf Inference Benchmark*, ISCA 2020, section IV-D).

The words are its; its rules on durations, numbers of queries and latency bounds are not followed.
"""

from __future__ import annotations

from serveoff.loadtests.loads import Load
from serveoff.report.phrases.names import callers


def scenario(load: Load) -> str:
    """`single stream`, `server`, `offline`; what MLPerf has no word for is described."""
    if load.batch > 1:
        return "offline"
    if load.arrivals == "poisson":
        return "server"
    if load.arrivals == "constant":
        return "open loop at a constant rate"
    return "single stream" if load.concurrency == 1 else f"closed loop, {callers(load.concurrency)}"
