"""The tables of models, servers and ranks: HTML and Markdown print the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serveoff.analyse.across_models.summary import Extremes, Line, ModelResult, Named, Spot, Summary, Win
from serveoff.report.across_models import sentences
from serveoff.report.across_models.cells import MODEL, TONES, cost_cell, figure_cell, model_cell, name
from serveoff.report.phrases.cells import DASH, INVALID, Cell, estimate_cell
from serveoff.report.phrases.names import FAMILIES, PROTOCOLS, family, short_server, what
from serveoff.report.phrases.numbers import NONE, UNITS, factor, interval, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Table, single, text_column

CHOICE_TONES: Final = {"matters": "mid", "does not matter": "good", "may matter": ""}
BETTER: Final = {"latency": "faster", "throughput": "higher"}


def models(summary: Summary) -> Table:
    """Every model: what it costs, and who wins; those without a run say why."""
    columns = (
        MODEL,
        Column("Cost of the model", "ms"),
        Column("Winner's format", "ms"),
        Column("Lowest latency", "ms", numeric=False),
        text_column("Compared with the runner-up"),
        Column("Highest throughput", "req/s", numeric=False),
        text_column("Compared with the runner-up"),
    )
    rows = tuple(_model_row(model) for model in summary.models)
    gone = tuple(
        (Cell(absent.model), *[DASH] * 2, Cell("no run", absent.reason, tone="bad")) + (DASH,) * 3
        for absent in summary.absent
    )
    caption = (
        "Cheapest model first. The cost is p50 in process of the fastest static format, beside it that of the format "
        "that wins on latency. Latency is p50 with the fewest callers; throughput the best over all numbers of "
        "callers. 95% intervals beneath; those against the runner-up hold for all pairs of endpoints."
    )
    return single("models", caption, columns, rows + gone)


def choices(summary: Summary) -> Table:
    """Whether the choice of server, and of format, matters for each model."""
    columns = (
        MODEL,
        Column("Cost of the model", "ms"),
        Column("Slowest over quickest server", "times"),
        text_column("The server"),
        Column("Slowest over quickest format", "times"),
        text_column("The format"),
    )
    rows = tuple((model_cell(m), cost_cell(m), *_choice(m, m.servers), *_choice(m, m.formats)) for m in summary.costed)
    caption = (
        f"A choice matters where the whole interval says more than {sentences.PERCENT} of the longer time, and does "
        "not where it says less; else it may. Servers, by protocol, are those of one format, the one where they lie "
        "furthest apart; formats are static ones, in process. Intervals hold for all pairs."
    )
    return single("choices", caption, columns, rows)


def overheads(summary: Summary) -> Table:
    """Latency over the floor, line by model."""
    columns = (text_column("Server"), *(Column(m.model, f"{sentences.cost(m)}") for m in summary.costed))
    rows = tuple((_line_cell(line), *(_overhead_cell(m, line) for m in summary.costed)) for line in summary.lines)
    caption = (
        "p50 with the fewest callers, so many times the p50 of the same format in process: 1 would be a server that "
        "costs nothing. Beneath: the 95% interval, and the format that is quickest behind this server."
    )
    return single("overheads", caption, columns, rows)


def crossings(summary: Summary) -> Table:
    """At which cost each line's overhead stops mattering."""
    columns = (
        text_column("Server"),
        Column(f"Under {sentences.PERCENT} of the latency", "model cost, ms", numeric=False),
        Column("Under the difference between formats", "model cost, ms", numeric=False),
    )
    rows = tuple(
        (
            _line_cell(line),
            Cell(sentences.under_latency(summary, line), sort=line.latency.cost_s),
            Cell(sentences.under_formats(summary, line), sort=line.formats.cost_s),
        )
        for line in summary.lines
    )
    caption = "Interpolated between the two measured models on either side, never beyond; 95% intervals in brackets."
    return single("crossings", caption, columns, rows)


def ranks(summary: Summary) -> Table:
    """Every endpoint's rank by model."""
    columns = (ENDPOINT, *(Column(model.model, f"rank, {sentences.cost(model)}") for model in summary.models))
    rows = tuple(
        (_endpoint_cell(named), *(_rank_cell(model.spot(named.endpoint)) for model in summary.models))
        for named in ranked(summary.models)
    )
    caption = (
        "By p50 with the fewest callers, which stands beneath in milliseconds. ≈ marks a difference from the one "
        "ranked above it that is tied or undecided."
    )
    return single("ranks", caption, columns, rows)


def ranked(models: Sequence[ModelResult]) -> list[Named]:
    """Every endpoint that any run asked for, by its rank in the first model that ranks it."""
    found: dict[str, Named] = {}
    for model in models:
        for spot in sorted(model.spots, key=lambda spot: spot.rank or 10**6):
            found.setdefault(spot.named.endpoint, spot.named)
    return list(found.values())


def _model_row(model: ModelResult) -> tuple[Cell, ...]:
    latency, throughput = model.win("latency"), model.win("throughput")
    floor = model.floor(latency.winner.format) if latency else None
    mine = DASH
    if floor is not None:
        mine = figure_cell(floor.p50_s.value, interval(floor.p50_s, ms), floor.format)
    return (
        model_cell(model),
        cost_cell(model, named=True),
        mine,
        *_win_cells(latency, model),
        *_win_cells(throughput, model),
    )


def _win_cells(win: Win | None, model: ModelResult) -> tuple[Cell, Cell]:
    if win is None:
        why = model.problem or "no endpoint has a VALID point"
        return Cell("INVALID", why, tone="bad"), DASH
    text = UNITS[win.objective][0]
    value = win.estimate.value or 0.0
    figure = f"{text(value)} [{interval(win.estimate, text)}]"
    winner = Cell(name(win.winner), figure, value)
    if win.runner_up is None or win.margin is None:
        return winner, Cell("unopposed", tone="muted")
    others = f" and {win.not_worse - 1} more" if win.not_worse > 1 else ""
    second = f"{factor(win.margin)} against {name(win.runner_up)}{others}"
    by = f"{significant(win.margin.value or 0.0)}× {BETTER[win.objective]}"
    said = by if win.outcome == "faster" else win.outcome
    return winner, Cell(said, second, win.margin.value, tone=TONES.get(win.outcome, ""))


def _choice(model: ModelResult, extremes: Extremes | None) -> tuple[Cell, Cell]:
    if extremes is None:
        return DASH, Cell("no choice measured", tone="muted")
    said = sentences.word(extremes)
    slowest, quickest = (_endpoint_name(model, name) for name in (extremes.slowest, extremes.quickest))
    beneath = f"{slowest} against {quickest}"
    return estimate_cell(extremes.ratio, significant), Cell(said, beneath, tone=CHOICE_TONES[said])


def _endpoint_name(model: ModelResult, endpoint: str) -> str:
    """A server's endpoint, or the format of a floor, which is no endpoint of the ranking."""
    spot = model.spot(endpoint)
    if spot is None:
        return next((f.format for f in model.floors if f.endpoint == endpoint), endpoint)
    return name(spot.named)


def _line_cell(line: Line) -> Cell:
    protocol = PROTOCOLS.get(line.protocol, line.protocol)
    server = sentences.line_name(line).partition(" · ")[0]
    return Cell(protocol, server, family=FAMILIES.get(line.server, "other"))


def _endpoint_cell(named: Named) -> Cell:
    return Cell(what(named.result), short_server(named.result), family=family(named.result))


def _overhead_cell(model: ModelResult, line: Line) -> Cell:
    spot = model.on((line.server, line.protocol))
    if spot is not None and spot.overhead is not None and spot.overhead.value is not None:
        bounds = interval(spot.overhead, significant)
        return Cell(f"{significant(spot.overhead.value)}×", f"{bounds} · {spot.named.format}", spot.overhead.value)
    known = [spot for spot in model.spots if spot.named.line == (line.server, line.protocol)]
    if any(spot.problem for spot in known):
        return INVALID
    return Cell("no floor" if known else NONE, tone="muted")


def _rank_cell(spot: Spot | None) -> Cell:
    if spot is None:
        return DASH
    if spot.rank is None:
        return Cell("INVALID" if spot.ran else "not run", tone="bad")
    return Cell(f"{'≈ ' if spot.tied_above else ''}{spot.rank}", ms(spot.p50_s.value or 0.0), spot.rank)
