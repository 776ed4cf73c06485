"""What MLPerf Inference would call a load (Reddi et al., *MLPerf Inference Benchmark*, ISCA 2020, section IV-D).

The words are its; its rules on durations, numbers of queries and latency bounds are not followed.
"""

from __future__ import annotations

from collections.abc import Sequence

from serveoff.loadtests.loads import Load, closed
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


def of_callers(concurrencies: Sequence[int]) -> str:
    """What MLPerf calls the closed loops of these numbers of callers, in a sentence."""
    alone, more = 1 in concurrencies, [c for c in concurrencies if c > 1]
    one = f"One caller is MLPerf's {scenario(closed(1))} scenario" if alone else ""
    others = "a closed loop of several callers is not one of its scenarios" if more else ""
    return f"{'; '.join(filter(None, (one, others)))}." if one else f"{others[:1].upper()}{others[1:]} (MLPerf)."
