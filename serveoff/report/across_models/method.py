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
            "Each model has a run of its own, with the same profile and settings. All figures come from those runs' "
            "analyses; INVALID and withheld points are left out.",
        ),
        Fact(
            "Cost of a model",
            "p50 of a call in process, without server and encoding, in the fastest static format.",
        ),
        Fact(
            "The server's part",
            "p50 with the fewest callers minus p50 of the same format in process: network, HTTP or gRPC, parsing, "
            "and everything else that the server does. Larger inputs take longer to parse, and in these models cost "
            "and request size grow together, as they do in practice. The payload's part is shown apart.",
        ),
        Fact(
            "Crossings",
            f"The model cost from which the server's part stays under {PERCENT} of the latency, or under the "
            "difference between the slowest and the fastest static format. Between two measured models the server's "
            "part is interpolated linearly over the logarithm of the model's cost, and the floor as a power of it. "
            f"There is no extrapolation. The interval comes from {DRAWS:,} draws of all figures from their own 95% "
            "intervals; it does not include the error of the interpolation.",
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
