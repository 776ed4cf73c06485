"""The summary's tables: HTML and Markdown print the same cells."""

from dataclasses import replace
from functools import partial
from typing import Final

from serveoff.analyse.across_models.summary import (
    Best,
    Effect,
    Extremes,
    ModelResult,
    Named,
    ServedBy,
    Summary,
    effect,
)
from serveoff.analyse.statistics.estimates import inverse
from serveoff.record.attached import ATTACHED
from serveoff.report.across_models.sentences import PERCENT, crossing
from serveoff.report.phrases.cells import DASH, INVALID, Cell, estimate_cell, short_cell
from serveoff.report.phrases.names import FAMILIES, PROTOCOLS, SHORT_SERVERS, format_name, phrase, short_server
from serveoff.report.phrases.numbers import factor, interval, ms, significant, three_digits
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed, text_column

MODEL: Final = text_column("Model")
TONES: Final[dict[Effect, str]] = {"matters": "mid", "does not matter": "good", "may matter": ""}


def models(summary: Summary) -> Table:
    """Every model: what it costs, what its run recommends, and whether the choice matters; or why it has no run."""
    fields: list[Field[ModelResult]] = [
        (MODEL, lambda model: Cell(model.model, model.description)),
        (Column("Cost of the model", "ms"), _cost_cell),
        (text_column("Recommended"), _recommended_cell),
        (Column("Median", "ms"), lambda model: estimate_cell(model.best.p50_s if model.best else None, ms)),
        (Column("Throughput", "req/s"), lambda m: estimate_cell(m.best.throughput if m.best else None, significant)),
        (text_column("Compared with the next"), lambda model: _next_cell(model.best) if model.best else DASH),
        (text_column("The server"), lambda model: _choice_cell(model.servers)),
        (text_column("The format"), lambda model: _choice_cell(model.formats)),
    ]
    gone = tuple(
        (Cell(absent.model), DASH, Cell("no run", absent.reason, tone="bad"), *[DASH] * 5) for absent in summary.absent
    )
    caption = (
        "Cheapest model first. The cost is p50 in process of the fastest static format, named beneath. The median is "
        "that with the fewest callers, throughput the best over all numbers of callers, and the next is the quickest "
        f"other endpoint at the median. A choice matters where its whole 95% interval says more than {PERCENT} of the "
        "longer time, and does not where it says less; else it may."
    )
    table = listed("models", caption, fields, summary.models)
    return replace(table, groups=(("", table.rows + gone),))


def overheads(summary: Summary) -> Table:
    """Latency over the floor by server, protocol and model, and at which cost of a model it stops mattering."""
    falls = Column(f"Falls under {PERCENT} of the latency", "at a model cost", numeric=False)
    fields: list[Field[ServedBy]] = [
        (text_column("Server"), _server_cell),
        *((Column(m.model, f"{ms(m.cost_s or 0.0)} ms"), partial(_overhead_cell, m)) for m in summary.costed),
        (falls, lambda by: Cell(crossing(summary, by))),
    ]
    caption = (
        "p50 with the fewest callers, so many times the p50 of the same format in process: 1 would be a server that "
        "costs nothing. The format is the one that is quickest behind this server; 95% intervals beneath."
    )
    return listed("overheads", caption, fields, summary.served_by)


def ranks(summary: Summary) -> Table:
    """Every endpoint's rank by model, in the order of the first model that ranks it."""
    found: dict[str, Named] = {}
    for model in summary.models:
        for spot in sorted(model.spots, key=lambda spot: spot.rank or 10**6):
            found.setdefault(spot.named.endpoint, spot.named)
    fields: list[Field[Named]] = [(ENDPOINT, lambda named: short_cell(named.result))]
    for m in summary.models:
        fields.append((Column(m.model, f"rank, {ms(m.cost_s)} ms" if m.cost_s else "rank"), partial(_rank_cell, m)))
    caption = (
        "By p50 with the fewest callers, which stands beneath in milliseconds; cheapest model first. ≈ marks a "
        "difference from the one ranked above it that is tied or undecided."
    )
    return listed("ranks", caption, fields, found.values())


def missing(summary: Summary) -> Table:
    """What takes no part, and why: models without a run, and endpoints that do not count with the fewest callers."""
    fields: list[Field[tuple[str, Cell, str]]] = [
        (MODEL, lambda row: Cell(row[0])),
        (text_column("What"), lambda row: row[1]),
        (text_column("Why"), lambda row: Cell(row[2])),
    ]
    gone = [(absent.model, Cell("the whole model"), absent.reason) for absent in summary.absent]
    cut = [(m.model, Cell("the run ended early"), m.problem) for m in summary.models if m.problem]
    spots = [(m.model, short_cell(s.named.result), s.problem) for m in summary.models for s in m.spots]
    rows = [*gone, *cut, *(spot for spot in spots if spot[2])]
    return listed("missing", "Shown above, and excluded from all figures.", fields, rows)


def _cost_cell(model: ModelResult) -> Cell:
    if model.cost is None:
        return Cell("no VALID floor", tone="muted")
    bounds = f"{interval(model.cost, ms)} · {format_name(model.cost_format)}"
    return Cell(ms(model.cost.value or 0.0), bounds, model.cost.value)


def _recommended_cell(model: ModelResult) -> Cell:
    if model.best is None:
        return Cell("none", model.problem or "its report says why", tone="bad")
    return short_cell(model.best.named.result)


def _next_cell(best: Best) -> Cell:
    if best.runner_up is None or best.ahead is None:
        return Cell("no other is VALID", tone="muted")
    against = phrase(best.runner_up.result)
    if best.outcome in ("faster", "slower"):
        by = best.ahead if best.outcome == "faster" else inverse(best.ahead)
        said = f"{three_digits(by.value or 1.0)} times {best.outcome}"
        return Cell(said, f"{interval(by, three_digits)} than {against}", best.ahead.value)
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
    if named.server == ATTACHED:
        return named.endpoint
    return f"{short_server(named.result)} ({PROTOCOLS.get(named.protocol, named.protocol)})"


def _server_cell(served_by: ServedBy) -> Cell:
    server, protocol = served_by
    named = PROTOCOLS.get(protocol, protocol)
    return Cell(named, SHORT_SERVERS.get(server, server), family=FAMILIES.get(server, "other"))


def _overhead_cell(model: ModelResult, served_by: ServedBy) -> Cell:
    if overhead := model.overhead(served_by):
        return estimate_cell(overhead, significant)
    known = [spot for spot in model.spots if spot.named.served_by == served_by]
    if any(spot.problem for spot in known):
        return INVALID
    return Cell("no floor", tone="muted") if known else DASH


def _rank_cell(model: ModelResult, named: Named) -> Cell:
    spot = model.spot(named.endpoint)
    if spot is None:
        return DASH
    if spot.rank is None:
        return Cell("INVALID" if spot.ran else "not run", tone="bad")
    return Cell(f"{'≈ ' if spot.tied_above else ''}{spot.rank}", ms(spot.p50_s.value or 0.0), spot.rank)
