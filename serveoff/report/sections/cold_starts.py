"""Cold starts: how they were made, the totals, the pieces that they are made of, and the same for JSON and CSV."""

from dataclasses import asdict, replace
from functools import partial
from typing import Any, Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.few_repeats import Spread
from serveoff.analyse.studies.cold_start import (
    ENGINE,
    FRONTEND,
    IMPORTS,
    PIECES,
    REST,
    UNTOLD,
    ColdStarts,
    Started,
)
from serveoff.report.charts import cold_start as chart
from serveoff.report.charts.cold_start import TITLES, WITHOUT
from serveoff.report.phrases.cells import DASH, Cell, bounds_said, deployment_cell, number_cell
from serveoff.report.phrases.names import deployment_phrase
from serveoff.report.phrases.numbers import Format, interval, megabytes, ms, significant
from serveoff.report.phrases.runtimes import beside, in_containers, start
from serveoff.report.phrases.tables import Column, Field, Table, listed, text_column, without_blank
from serveoff.report.section import Figure, Section

MEANINGS: Final = {
    ENGINE: "before the server's own log of its start begins",
    FRONTEND: "the server's own processes before the one that computes",
    IMPORTS: "interpreter and framework",
    REST: "from there until the first request, its connection included",
    UNTOLD: "until the first request, if the server logs no phases",
}

FIGURES: Final = {"s": "first_answer_s", "first_request_s": "first_request_s", "first_request_over_p50": "penalty"}
BOUNDS: Final = {"": "value", "_low": "low", "_high": "high"}
"""Columns of a line of CSV, and what they hold."""


def section(comparison: Comparison) -> Section | None:
    """Nothing where no deployment came to a first answer."""
    if not comparison.cold_starts:
        return None
    return Section(
        "cold-start",
        "Cold start",
        paragraphs=tuple(sentences(comparison)),
        figure=Figure(partial(chart.draw, comparison), chart_note(comparison)),
        table=totals(comparison),
        parts=(Section("cold-start-pieces", "The pieces of a cold start", table=pieces(comparison)),),
    )


def totals(comparison: Comparison) -> Table:
    """Seconds to the first answer and the cost of the first request, with warm-up calls and without."""
    fields: list[Field[ColdStarts]] = [
        (text_column("Deployment"), lambda starts: deployment_cell(starts.entry)),
        (Column("First answer", "s"), lambda starts: spread_cell(starts.warm.first_answer_s, significant)),
        (Column("Its first start", "s"), _first_cell),
        (Column("Model ready", "s"), lambda starts: spread_cell(starts.warm.ready_s, significant)),
        (Column("First request", "ms"), lambda starts: spread_cell(starts.warm.first_request_s, ms)),
        (Column("Later requests", "ms"), lambda starts: number_cell(starts.warm.next_request_s, ms)),
        (Column("First request over p50", "times"), lambda starts: spread_cell(starts.warm.penalty, significant)),
        (
            Column(f"First answer, {WITHOUT}", "s"),
            lambda starts: spread_cell(starts.bare.first_answer_s if starts.bare else None, significant),
        ),
        (
            Column(f"First request, {WITHOUT}", "ms"),
            lambda starts: spread_cell(starts.bare.first_request_s if starts.bare else None, ms),
        ),
        (
            Column(f"First request over p50, {WITHOUT}", "times"),
            lambda starts: spread_cell(starts.bare.penalty if starts.bare else None, significant),
        ),
        (Column("Starts"), _starts_cell),
    ]
    caption = f"Seconds since {start(comparison)}."
    if any(starts.repeated for starts in comparison.cold_starts):
        kinds = bounds_said(s.warm.first_answer_s for s in comparison.cold_starts)
        caption += f" Medians; beneath them the {kinds} of the starts."
    if any(starts.bare for starts in comparison.cold_starts):
        caption += " Starts: with warm-up + without."
    caption += " The first request was sent on an open connection."
    optional = [column.title for column, _ in fields[1:]]
    return without_blank(listed("cold-start", caption, fields, comparison.cold_starts), optional)


def pieces(comparison: Comparison) -> Table:
    """Mean seconds of each piece, per deployment; before them, what it took to make its container."""
    fields: list[Field[ColdStarts]] = [
        (text_column("Deployment"), lambda starts: deployment_cell(starts.entry)),
        (Column("Image", "MB"), _image_cell),
        (Column("Create", "s"), lambda starts: number_cell(starts.warm.create_s, significant)),
        *map(_piece, PIECES),
        (Column("Together", "s"), lambda s: number_cell(sum(s.warm.pieces.values()), _to_the_millisecond)),
        (Column("Starts"), lambda starts: number_cell(starts.warm.first_answer_s.count, str)),
    ]
    caption = "Mean seconds of each piece of the starts with warm-up; when a server's process began is known to 10 ms."
    table = listed("cold-start-pieces", caption, fields, comparison.cold_starts)
    table = without_blank(table, ("Image", "Create", *TITLES.values()))
    titles = {column.title for column in table.columns}
    said = "; ".join(f"{TITLES[p].lower()}: {m}" for p, m in MEANINGS.items() if TITLES[p] in titles)
    caption += f" {said[0].upper()}{said[1:]}." if said else ""
    if in_containers(comparison):
        caption += " Create comes before them and is not in them; engine start is the first part of them."
    return replace(table, caption=caption)


def sentences(comparison: Comparison) -> list[str]:
    """How often everything was started, what came first, and what the figures say."""
    return [_how(comparison), _order(comparison), *_failures(comparison)]


def chart_note(comparison: Comparison) -> str:
    """What the bars are."""
    said = f"Seconds from {start(comparison)} to the first answer, in pieces; each bar is the mean of its starts."
    if kinds := bounds_said(s.warm.first_answer_s for s in comparison.cold_starts):
        said += f" The mark on it is their median, with the {kinds}."
    if any(starts.bare for starts in comparison.cold_starts):
        said += " A ring is the median without warm-up calls, from other starts, so more than those calls may differ."
    if in_containers(comparison):
        said += " Left of zero: the creation of the container."
    return said


def _how(comparison: Comparison) -> str:
    repeated = [starts for starts in comparison.cold_starts if starts.repeated]
    if not repeated:
        return f"One start of each deployment, {beside(comparison)}: measured once, so without an interval."
    counts = {starts.warm.first_answer_s.count for starts in repeated}
    most = max(counts)
    bare = max((starts.bare.first_answer_s.count for starts in repeated if starts.bare), default=0)
    without = f" and {bare} {'time' if bare == 1 else 'times'} without" if bare else ""
    few = "" if most > 5 else " and their range: fewer than six have no 95% interval (Hahn and Meeker 1991)"
    often = f"up to {most}" if len(counts) > 1 else str(most)
    return (
        f"Each contender was started {often} times with its warm-up calls{without}, in turns (A B C, A B C), each time "
        f"as a fresh server with nothing else awake. Figures are medians of those starts{few}."
    )


def _order(comparison: Comparison) -> str:
    """What the caches of the disk may have done to the first starts."""
    known = [starts for starts in comparison.cold_starts if starts.first.order is not None]
    if not known:
        return "Later starts may have had warm file caches."
    first = min(known, key=lambda starts: starts.first.order or 0)
    who = f"The first start shown was that of {deployment_phrase(first.entry.result)}"
    later = "later starts may have had warm file caches"
    again = "; a deployment's own first start has a column of its own" if any(s.repeated for s in known) else ""
    return f"{who}: {later}{again}."


def _failures(comparison: Comparison) -> list[str]:
    """Starts that came to no answer, with the reason of the first."""
    return [
        f"{len(starts.problems)} of the starts of {deployment_phrase(starts.entry.result)} failed: "
        f"{starts.problems[0].text.splitlines()[0]}."
        for starts in comparison.cold_starts
        if starts.problems
    ]


def record(starts: ColdStarts) -> dict[str, Any]:
    """One deployment's study in base units."""
    result = starts.entry.result
    return {
        "deployment": result.deployment,
        "asked": starts.entry.name,
        "first_order": starts.first.order,
        "warm": asdict(starts.warm),
        "without_warmup": asdict(starts.bare) if starts.bare else None,
        "has_warmup": starts.has_warmup,
        "problems": [problem.model_dump(mode="json") for problem in starts.problems],
    }


def columns(comparison: Comparison, entry: Entry) -> dict[str, object]:
    """The same for a line of an endpoint, flat; the figures are its deployment's."""
    found = next((s for s in comparison.cold_starts if s.entry.result.deployment == entry.result.deployment), None)
    means = found.warm.pieces if found else {}
    return {
        **_flat("cold_start", found.warm if found else None),
        **{f"cold_start_mean_{piece}_s": means.get(piece) for piece in PIECES},
        **_flat("cold_start_without_warmup", found.bare if found else None),
    }


def _flat(prefix: str, started: Started | None) -> dict[str, object]:
    flat: dict[str, object] = {f"{prefix}_count": started.first_answer_s.count if started else None}
    for name, figure in FIGURES.items():
        spread = getattr(started, figure, None)
        flat |= {f"{prefix}_{name}{bound}": getattr(spread, part, None) for bound, part in BOUNDS.items()}
    return flat | {f"{prefix}_bounds": started.first_answer_s.bounds if started else None}


def _first_cell(starts: ColdStarts) -> Cell:
    return number_cell(starts.first.first_answer_s if starts.repeated else None, significant)


def _image_cell(starts: ColdStarts) -> Cell:
    container = starts.entry.result.container
    return number_cell(container.image_bytes or None if container else None, megabytes)


def _piece(piece: str) -> Field[ColdStarts]:
    return Column(TITLES[piece], "s"), lambda starts: number_cell(starts.warm.pieces.get(piece), _to_the_millisecond)


def _to_the_millisecond(seconds: float) -> str:
    """Phases are written to the millisecond: more digits would be made up."""
    return f"{seconds:.3f}"


def spread_cell(spread: Spread | None, text: Format) -> Cell:
    """A median and its bounds; the caption says what they are."""
    if spread is None:
        return DASH
    return Cell(text(spread.value), interval(spread.estimate, text), spread.value)


def _starts_cell(starts: ColdStarts) -> Cell:
    warm, bare = starts.warm.first_answer_s.count, starts.bare.first_answer_s.count if starts.bare else 0
    failed = f"{len(starts.problems)} failed" if starts.problems else ""
    return Cell(f"{warm} + {bare}" if bare else str(warm), failed, sort=warm + bare)
