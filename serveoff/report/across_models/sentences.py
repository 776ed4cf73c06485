"""The summary's sentences, shared by every form of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from serveoff.analyse.across_models.summary import BOUND, MATTERS, Crossing, Extremes, Line, ModelResult, Summary
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.phrases.names import PROTOCOLS as PROTOCOL_NAMES
from serveoff.report.phrases.names import SERVERS, SHORT_SERVERS, all_of
from serveoff.report.phrases.numbers import factor, ms, significant
from serveoff.report.sections.notes import STAND_IN

Word = Literal["matters", "does not matter", "may matter"]
PERCENT: Final = f"{MATTERS * 100:g}%"
FEW: Final = 3
"""Models whose figures stand one by one in a sentence."""
TITLE: Final = "Where the server stops mattering"


def word(extremes: Extremes) -> Word:
    """Whether a choice matters: by more than a tenth, by less, or not told apart."""
    ratio = extremes.ratio
    if ratio.low is None or ratio.high is None:
        return "may matter"
    return "matters" if ratio.low > BOUND else "does not matter" if ratio.high < BOUND else "may matter"


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
    found: dict[Word, dict[str, Estimate]] = {"matters": {}, "does not matter": {}, "may matter": {}}
    for model in models:
        if extremes := of(model):
            found[word(extremes)][model.model] = extremes.ratio
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
    """One line under the title: what was set side by side."""
    count, machine = len(summary.models), summary.machine
    return (
        f"{count} model{'s' * (count != 1)}, one run each with profile {summary.settings.profile}, on {machine.cores} "
        "cores. In brackets: the slowest median over the fastest, of servers and protocols with the same format, and "
        f"of static formats in process. A difference of up to {PERCENT} of the longer time does not matter here."
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


def line_name(line: Line, short: bool = False) -> str:
    """`TorchServe · gRPC`."""
    names = {**SHORT_SERVERS, "tfserving": "TF Serving", "tfserving-embedded": "stand-in"} if short else SERVERS
    protocol = PROTOCOL_NAMES.get(line.protocol, line.protocol)
    return f"{names.get(line.server, line.server)}{' ' if short else ' · '}{protocol}"


def share(overhead: Estimate) -> Estimate:
    """The server's share of a latency that is `overhead` times the model's own."""
    low, value, high = (None if r is None else 1 - 1 / r for r in (overhead.low, overhead.value, overhead.high))
    return Estimate(value, low, high, overhead.samples)


def cost(model: ModelResult) -> str:
    """`30.1 ms`."""
    return f"{ms(model.cost_s)} ms" if model.cost_s is not None else "no VALID floor"


def crossing_sentences(summary: Summary) -> list[str]:
    """Each line's two crossings, in a sentence each."""
    return [f"{line_name(line)}: {crossing_sentence(summary, line)}" for line in summary.lines]


def crossing_sentence(summary: Summary, line: Line) -> str:
    """Where the server's part falls under a tenth, and under the difference between formats."""
    under = under_latency(summary, line)
    if line.latency.state == "between":
        under = f"under {PERCENT} of the latency from a model cost of {under}"
    return f"{under}; against the difference between formats, {under_formats(summary, line)}."


def under_latency(summary: Summary, line: Line) -> str:
    """The cost, or why there is none."""
    return _crossed(summary, line, line.latency, _share_of, f"under {PERCENT}")


def under_formats(summary: Summary, line: Line) -> str:
    """The cost, or why there is none."""
    return _crossed(summary, line, line.formats, _times_formats, "under it")


def span(crossing: Crossing) -> str:
    """The interval of a crossing in milliseconds; an end beyond the measured models is open."""
    if crossing.state != "between":
        return ""
    low = ms(crossing.low_s) if crossing.low_s is not None else "below the cheapest model"
    high = ms(crossing.high_s) if crossing.high_s is not None else "beyond the most expensive model"
    return f"{low}–{high}"


def _crossed(
    summary: Summary, line: Line, crossing: Crossing, left: Callable[[ModelResult, Line], str], bound: str
) -> str:
    if crossing.state == "between" and crossing.cost_s is not None:
        between = f"between {crossing.lower} and {crossing.upper}"
        return f"{ms(crossing.cost_s)} ms [{span(crossing)}], {between}"
    if crossing.state == "not reached":
        model = summary.model(crossing.upper)
        return f"not reached: even {model.model} at {cost(model)} still has {left(model, line)}"
    if crossing.state == "under":
        model = summary.model(crossing.lower)
        return f"already {bound} at the cheapest model, {model.model} ({cost(model)}): {left(model, line)}"
    return "not known: that takes two models with this server and a floor"


def _share_of(model: ModelResult, line: Line) -> str:
    spot = model.on((line.server, line.protocol))
    if spot is None or spot.overhead is None:
        return "no figure"
    found = share(spot.overhead)
    bounds = f" [{_percent(found.low)}–{_percent(found.high)}]" if found.low is not None else ""
    return f"{_percent(found.value)}%{bounds}"


def _times_formats(model: ModelResult, line: Line) -> str:
    """The server's part over the difference between formats."""
    spot = model.on((line.server, line.protocol))
    floor = model.floor(spot.named.format) if spot else None
    if spot is None or spot.overhead is None or floor is None or model.formats is None:
        return "no figure"
    part = ((spot.overhead.value or 1.0) - 1) * (floor.p50_s.value or 0.0)
    apart = ((model.formats.ratio.value or 1.0) - 1) * (model.cost_s or 0.0)
    return f"{ms(part)} ms of server against {ms(apart)} ms between formats"


def _percent(part: float | None) -> str:
    return significant(100 * part) if part is not None else ""
