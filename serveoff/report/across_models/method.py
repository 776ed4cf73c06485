"""How the summary's figures came about, on which machine, and from which runs."""

from __future__ import annotations

from serveoff.analyse.across_models.crossing import DRAWS
from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.sentences import PERCENT
from serveoff.report.phrases.numbers import megabytes
from serveoff.report.section import Fact


def facts(summary: Summary) -> list[Fact]:
    """The account, shortest first what is needed to read the page."""
    s, machine = summary.settings, summary.machine
    return [
        Fact(
            "Figures",
            "Each model has a run of its own, with the same profile and settings. All figures are those of each "
            "run's analysis, computed from its raw rows; INVALID and withheld points take no part.",
        ),
        Fact(
            "Cost of a model",
            "p50 of calling it in process, nothing served and nothing encoded, in the fastest static format.",
        ),
        Fact(
            "The server's part",
            "p50 with the fewest callers, less p50 of the same format in process: the wire, HTTP or gRPC, parsing, "
            "and whatever else the server does. Larger inputs take longer to parse: cost of the model and size of its "
            "requests grow together here, as they do in practice, and the payload's part is shown apart.",
        ),
        Fact(
            "Crossings",
            f"Where the server's part falls under {PERCENT} of the latency for good, and under the difference between "
            "the slowest and the fastest static format. Between the two measured models on either side the server's "
            "part is taken to go straight over the logarithm of the model's cost, and the floor to be a power of it; "
            f"beyond the measured models nothing is said. The interval is that of {DRAWS:,} draws of all figures from "
            "their own 95% intervals. It does not hold the shape of the line between two models: the nearer these "
            "lie, the less is assumed.",
        ),
        Fact(
            "Settings",
            f"Profile {s.profile}, slices of {s.slice_s:g} s at least, {s.starts} starts, "
            f"{', '.join(map(str, s.concurrencies))} callers, {s.workers} worker, "
            f"{s.intra_op_threads} intra-op thread, runtime {s.runtime}, device {s.device}.",
        ),
        Fact(
            "Machine",
            f"{machine.id}: {machine.cpu_model}, {machine.cores} cores, {megabytes(machine.memory_bytes)} MB, "
            f"{machine.system}.",
        ),
        Fact("Made", f"{summary.made_at}, as {summary.summary_id}."),
    ]


def again(summary: Summary) -> str:
    """The command that makes this summary again."""
    mixed = " --mixed" if summary.differences else ""
    return f"serveoff summary {' '.join(model.run_id for model in summary.models)}{mixed}"
