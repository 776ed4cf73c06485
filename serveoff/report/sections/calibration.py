"""What the harness itself costs, in sentences."""

from __future__ import annotations

from serveoff.analyse.comparison import Calibration, Comparison
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import UNITS, full, significant


def calibration_sentence(comparison: Comparison) -> str:
    """What the harness itself costs in this run."""
    null = comparison.calibration
    if null is None:
        return "The null service was not measured, so this run does not know the harness's own cost."
    share = (
        f", with the load generator at {significant(null.client_cpu_share * 100)}% of one CPU"
        if null.client_cpu_share
        else ""
    )
    return (
        f"The null service, which parses the same JSON and computes nothing, answers in "
        f"{full(null.p50_s, *UNITS['latency'])} at the median and reaches {full(null.ceiling, *UNITS['throughput'])} "
        f"({callers(null.ceiling_concurrency)}{share}): no server can measure better than "
        "that here."
        f"{ceiling_sentence(null)}"
    )


def ceiling_sentence(calibration: Calibration) -> str:
    """How far the load generator came in an open loop, to follow another sentence; nothing where none was driven."""
    found = calibration.open_loop
    if found is None:
        return ""
    windows = f"{len(found.capacity.probes)} rates of Poisson arrivals, {found.capacity.rate.samples:,} samples"
    behind = (
        f"and fell behind its schedule at {significant(found.behind)} req/s"
        if found.behind is not None
        else "and never fell behind its schedule"
    )
    kept = f"up to {significant(found.kept)} req/s" if found.kept is not None else "at none of the rates tried"
    return f" In an open loop against it the load generator met the objective {kept}, {behind} ({windows})."
