"""The summary's tables: HTML and Markdown print the same cells."""

from __future__ import annotations

from typing import Final

from serveoff.analyse.across_models.summary import (
    Best,
    Effect,
    Extremes,
    ModelResult,
    Named,
    ServedBy,
    Spot,
    Summary,
    effect,
)
from serveoff.analyse.statistics.estimates import inverse
from serveoff.report.across_models.sentences import PERCENT, crossing
from serveoff.report.phrases.cells import DASH, INVALID, Cell, estimate_cell
from serveoff.report.phrases.names import (
    FAMILIES,
    PROTOCOLS,
    SHORT_SERVERS,
    family,
    format_name,
    phrase,
    short_server,
    what,
)
from serveoff.report.phrases.numbers import factor, interval, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Table, single, text_column

MODEL: Final = text_column("Model")
TONES: Final[dict[Effect, str]] = {"matters": "mid", "does not matter": "good", "may matter": ""}


def models(summary: Summary) -> Table:
    """Every model: what it costs, what its run recommends, and whether the choice matters; or why it has no run."""
    columns = (
        MODEL,
        Column("Cost of the model", "ms"),
        text_column("Recommended"),
        Column("Median", "ms"),
        Column("Throughput", "req/s"),
        text_column("Compared with the next"),
        text_column("The server"),
        text_column("The format"),
    )
    gone = tuple(
        (Cell(absent.model), DASH, Cell("no run", absent.reason, tone="bad"), *[DASH] * 5) for absent in summary.absent
    )
    caption = (
        "Cheapest model first. The cost is p50 in process of the fastest static format, named beneath. The median is "
        "that with the fewest callers, throughput the best over all numbers of callers, and the next is the quickest "
        f"other endpoint at the median. A choice matters where its whole 95% interval says more than {PERCENT} of the "
        "longer time, and does not where it says less; else it may."
    )
    return single("models", caption, columns, tuple(_model_row(model) for model in summary.models) + gone)


def overheads(summary: Summary) -> Table:
    """Latency over the floor by server, protocol and model, and at which cost of a model it stops mattering."""
    columns = (
        text_column("Server"),
        *(Column(m.model, f"{ms(m.cost_s or 0.0)} ms") for m in summary.costed),
        Column(f"Falls under {PERCENT} of the latency", "at a model cost", numeric=False),
    )
    rows = tuple(
        (_server_cell(by), *(_overhead_cell(m, by) for m in summary.costed), Cell(crossing(summary, by)))
        for by in summary.served_by
    )
    caption = (
        "p50 with the fewest callers, so many times the p50 of the same format in process: 1 would be a server that "
        "costs nothing. The format is the one that is quickest behind this server; 95% intervals beneath."
    )
    return single("overheads", caption, columns, rows)


def ranks(summary: Summary) -> Table:
    """Every endpoint's rank by model, in the order of the first model that ranks it."""
    found: dict[str, Named] = {}
    for model in summary.models:
        for spot in sorted(model.spots, key=lambda spot: spot.rank or 10**6):
            found.setdefault(spot.named.endpoint, spot.named)
    costs = (f"rank, {ms(m.cost_s)} ms" if m.cost_s else "rank" for m in summary.models)
    columns = (ENDPOINT, *(Column(m.model, cost) for m, cost in zip(summary.models, costs, strict=True)))
    rows = tuple(
        (_endpoint_cell(named), *(_rank_cell(model.spot(named.endpoint)) for model in summary.models))
        for named in found.values()
    )
    caption = (
        "By p50 with the fewest callers, which stands beneath in milliseconds; cheapest model first. ≈ marks a "
        "difference from the one ranked above it that is tied or undecided."
    )
    return single("ranks", caption, columns, rows)


def missing(summary: Summary) -> Table:
    """What takes no part, and why: models without a run, and endpoints that do not count with the fewest callers."""
    columns = (MODEL, text_column("What"), text_column("Why"))
    gone = [(Cell(absent.model), Cell("the whole model"), Cell(absent.reason)) for absent in summary.absent]
    cut = [(Cell(m.model), Cell("the run ended early"), Cell(m.problem)) for m in summary.models if m.problem]
    spots = [
        (Cell(m.model), _endpoint_cell(s.named), Cell(s.problem)) for m in summary.models for s in m.spots if s.problem
    ]
    return single("missing", "Shown above, and excluded from all figures.", columns, (*gone, *cut, *spots))


def _model_row(model: ModelResult) -> tuple[Cell, ...]:
    cost = Cell("no VALID floor", tone="muted")
    if model.cost is not None:
        bounds = f"{interval(model.cost, ms)} · {format_name(model.cost_format)}"
        cost = Cell(ms(model.cost.value or 0.0), bounds, model.cost.value)
    return (
        Cell(model.model, model.description),
        cost,
        *_best_cells(model),
        _choice_cell(model.servers),
        _choice_cell(model.formats),
    )


def _best_cells(model: ModelResult) -> tuple[Cell, ...]:
    best = model.best
    if best is None:
        return Cell("none", model.problem or "its report says why", tone="bad"), DASH, DASH, DASH
    return (
        Cell(what(best.named.result), short_server(best.named.result), family=family(best.named.result)),
        estimate_cell(best.p50_s, ms),
        estimate_cell(best.throughput, significant),
        _next_cell(best),
    )


def _next_cell(best: Best) -> Cell:
    if best.runner_up is None or best.ahead is None:
        return Cell("no other is VALID", tone="muted")
    against = phrase(best.runner_up.result)
    if best.outcome in ("faster", "slower"):
        by = best.ahead if best.outcome == "faster" else inverse(best.ahead)
        said = f"{significant(by.value or 1.0)} times {best.outcome}"
        return Cell(said, f"{interval(by, significant)} than {against}", best.ahead.value)
    return Cell(best.outcome, f"{factor(best.ahead)} against {against}", best.ahead.value, tone="mid")


def _choice_cell(extremes: Extremes | None) -> Cell:
    if extremes is None:
        return Cell("no choice measured", tone="muted")
    said = effect(extremes.ratio)
    sides = f"{_side(extremes.slowest)} against {_side(extremes.quickest)}"
    return Cell(said, f"{factor(extremes.ratio)}: {sides}", extremes.ratio.value, tone=TONES[said])


def _side(named: Named) -> str:
    """A server with its protocol, or a format in process."""
    if named.protocol == "call":
        return format_name(named.format)
    return f"{short_server(named.result)} ({PROTOCOLS.get(named.protocol, named.protocol)})"


def _server_cell(served_by: ServedBy) -> Cell:
    server, protocol = served_by
    named = PROTOCOLS.get(protocol, protocol)
    return Cell(named, SHORT_SERVERS.get(server, server), family=FAMILIES.get(server, "other"))


def _endpoint_cell(named: Named) -> Cell:
    return Cell(what(named.result), short_server(named.result), family=family(named.result))


def _overhead_cell(model: ModelResult, served_by: ServedBy) -> Cell:
    if overhead := model.overhead(served_by):
        return estimate_cell(overhead, significant)
    known = [spot for spot in model.spots if spot.named.served_by == served_by]
    if any(spot.problem for spot in known):
        return INVALID
    return Cell("no floor", tone="muted") if known else DASH


def _rank_cell(spot: Spot | None) -> Cell:
    if spot is None:
        return DASH
    if spot.rank is None:
        return Cell("INVALID" if spot.ran else "not run", tone="bad")
    return Cell(f"{'≈ ' if spot.tied_above else ''}{spot.rank}", ms(spot.p50_s.value or 0.0), spot.rank)
