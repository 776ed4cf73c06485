"""The summary's sentences, shared by every form of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from serveoff.analyse.across_models.summary import (
    MATTERS,
    Effect,
    Extremes,
    ModelResult,
    ServedBy,
    Summary,
    effect,
)
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.phrases.names import all_of
from serveoff.report.phrases.numbers import factor, megabytes, ms
from serveoff.report.section import Fact
from serveoff.report.sections.notes import STAND_IN

PERCENT: Final = f"{MATTERS * 100:g}%"
FEW: Final = 3
"""Models whose figures stand one by one in a sentence."""
TITLE: Final = "Where the server stops mattering"


def decision(summary: Summary) -> str:
    """The whole summary in one sentence: where the choice of server and of format matters, and by how much."""
    servers = _choice(summary.costed, "The server", lambda model: model.servers)
    formats = _choice(summary.costed, "the format", lambda model: model.formats)
    if not servers and not formats:
        return "No model has two endpoints that can be compared."
    said = "; ".join(filter(None, (servers, formats)))
    return f"{said[0].upper()}{said[1:]}."


def _choice(models: Sequence[ModelResult], what: str, of: Callable[[ModelResult], Extremes | None]) -> str:
    """`The server matters for a (3.1×) and b (2×), may matter for c (1.1×)`; nothing where no model has the choice."""
    found: dict[Effect, dict[str, Estimate]] = {"matters": {}, "does not matter": {}, "may matter": {}}
    for model in models:
        if extremes := of(model):
            found[effect(extremes.ratio)][model.model] = extremes.ratio
    count = sum(map(len, found.values()))
    said = [f"{key} for {_ratios(ratios, count)}" for key, ratios in found.items() if ratios]
    return f"{what} {', '.join(said)}" if said else ""


def _ratios(ratios: Mapping[str, Estimate], count: int) -> str:
    """`a (3.1×) and b (2.2×)`; of more than a FEW, `a, b, c and d (1.2× to 3.1×)`; of all, `all 6 models`."""
    if len(ratios) <= FEW:
        return all_of([f"{name} ({factor(ratio)})" for name, ratio in ratios.items()])
    least, *_, most = sorted(ratios.values(), key=lambda ratio: ratio.value or 0.0)
    who = f"all {count} models" if len(ratios) == count else all_of([*ratios])
    return f"{who} ({factor(least)} to {factor(most)})"


def lede(summary: Summary) -> str:
    """What was set side by side, and what the figures in brackets are."""
    count, machine = len(summary.models), summary.machine
    return (
        f"{count} model{'s' * (count != 1)}, one run each with profile {summary.settings.profile}, on "
        f"{machine.cores_said}. In brackets: the slowest median over the fastest, of servers and protocols with the "
        f"same format, and of static formats in process. A difference of up to {PERCENT} of the longer time does not "
        "matter here."
    )


def caveats(summary: Summary) -> list[str]:
    """What a reader must know before the first figure."""
    said = []
    if summary.interrupted:
        said.append("This was interrupted: only the models below were measured.")
    if summary.differences:
        said.append(f"These runs differ, and are compared as you asked (`--mixed`): {'; '.join(summary.differences)}.")
    partial = [model.model for model in summary.models if not model.complete]
    if partial:
        said.append(f"The run of {all_of(partial)} is partial: its figures are provisional.")
    if summary.stand_in:
        said.append(STAND_IN)
    return said


def crossing(summary: Summary, served_by: ServedBy) -> str:
    """The costs between which a server stops mattering: `between 2.10 ms (text_transformer) and 113 ms (resnet50)`."""
    over, under = summary.crossing(served_by)
    if over and under:
        return f"between {_at(over)} and {_at(under)}"
    if over:
        return f"above {_at(over)}"
    return f"below {_at(under)}" if under else "undecided"


def _at(model: ModelResult) -> str:
    return f"{ms(model.cost_s or 0.0)} ms ({model.model})"


def facts(summary: Summary) -> tuple[Fact, ...]:
    """How the figures came about, on which machine, and from which runs."""
    s, machine = summary.settings, summary.machine
    return (
        Fact(
            "Figures",
            "Each model has a run of its own, with the same profile and settings. All figures come from those runs' "
            "analyses; INVALID and withheld points are left out.",
        ),
        Fact("Cost of a model", "p50 of a call in process, without server and encoding, in the fastest static format."),
        Fact(
            "The server's part",
            "p50 with the fewest callers minus p50 of the same format in process: network, HTTP or gRPC, parsing, "
            "and everything else that the server does. Larger inputs take longer to parse, and in these models cost "
            "and request size grow together, as they do in practice.",
        ),
        Fact(
            "Where it stops mattering",
            f"Between two measured models: at the first, the server's part is over {PERCENT} of the latency by its "
            "whole 95% interval; at the second and all that cost more, it is under. Nothing is interpolated.",
        ),
        Fact(
            "Settings",
            f"Profile {s.profile}, slices of {s.slice_s:g} s at least, {s.starts} starts, "
            f"{', '.join(map(str, s.concurrencies))} callers, {s.workers} worker, "
            f"{s.intra_op_threads} intra-op thread, runtime {s.runtime}, device {s.device}.",
        ),
        Fact(
            "Machine",
            f"{machine.id}: {machine.cpu_model}, {machine.cores_said}, {megabytes(machine.memory_bytes)} MB, "
            f"{machine.system}.",
        ),
        Fact("Made", f"{summary.made_at}, as {summary.summary_id}."),
    )


def again(summary: Summary) -> str:
    """The command that makes this summary again."""
    mixed = " --mixed" if summary.differences else ""
    return f"serveoff summary {' '.join(model.run_id for model in summary.models)}{mixed}"
