"""The ranked table, and the table of every point."""

from __future__ import annotations

from dataclasses import replace

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.phrases.cells import (
    DASH,
    INVALID,
    VALID,
    Cell,
    best_rate_cell,
    count_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    rank_cell,
)
from serveoff.report.phrases.names import payload
from serveoff.report.phrases.numbers import kilobytes, megabytes, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, text_column
from serveoff.report.section import Section
from serveoff.report.sections.latency import address
from serveoff.report.sections.notes import alone


def glance(comparison: Comparison) -> Section:
    """Contenders by objectives."""
    return Section("matrix", "Decision matrix", table=ranking(comparison))


def ranking(comparison: Comparison) -> Table:
    """Every endpoint: contenders by p50 with the fewest callers, then all that never ranks."""
    fields: list[Field[Entry]] = [
        (Column("Rank"), lambda entry: rank_cell(entry.rank, entry.tied_above)),
        (ENDPOINT, lambda entry: replace(endpoint_cell(entry), link=address(entry.name) if entry.points else "")),
        (text_column("Request"), lambda e: Cell(payload(e.result.payload), _bytes(e.result.request_bytes))),
        (Column("p50", "ms"), lambda entry: estimate_cell(shown.p50_s if (shown := _shown(entry)) else None, ms)),
        (Column("p99", "ms"), lambda entry: estimate_cell(shown.p99_s if (shown := _shown(entry)) else None, ms)),
        (Column("Best rate", "req/s"), _rate_cell),
        (Column("CPU", "ms/request"), lambda e: estimate_cell(e.best.cpu_per_request_s if e.best else None, ms)),
        (
            Column("Cold start", "s"),
            lambda e: number_cell(e.first_answer_s.value if e.first_answer_s else None, significant),
        ),
        (Column("Memory", "MB"), lambda entry: number_cell(entry.peak_memory_bytes, megabytes)),
        (Column("Artifact", "MB"), lambda entry: number_cell(entry.result.artifact_bytes, megabytes)),
        (SAMPLES, lambda entry: count_cell(shown.samples) if (shown := _shown(entry)) else DASH),
        (text_column("Verdict"), _state),
    ]
    contenders = [e for e in comparison.entries if e.role == "contender"]
    caption = (
        f"Contenders by median latency with {alone(comparison)}; 95% intervals beneath. ≈: tied with the "
        "row above, or undecided."
    )
    return listed("ranking", caption, fields, contenders)


def _shown(entry: Entry) -> Point | None:
    return entry.alone if entry.alone is not None and entry.alone.valid else None


def _rate_cell(entry: Entry) -> Cell:
    rate, best = best_rate_cell(entry), entry.best
    return replace(rate, small=f"{rate.small} at {best.concurrency}") if best and rate.small else rate


def _cold_start_cell(entry: Entry) -> Cell:
    return number_cell(entry.first_answer_s.value if entry.first_answer_s else None, significant)


def _state(entry: Entry) -> Cell:
    if entry.result.unavailable:
        return Cell("not run", tone="muted")
    good = sum(point.valid for point in entry.points)
    if good in (0, len(entry.points)):
        return VALID if good else INVALID
    return Cell("VALID", f"{good} of {len(entry.points)} points", tone="mid")


def _bytes(size: int | None) -> str:
    return "" if size is None else f"{kilobytes(size)}\u00a0kB"
