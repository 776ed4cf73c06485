"""The ranked table, and the table of every point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

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
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, grouped, listed, text_column
from serveoff.report.sections.notes import alone
from serveoff.report.sections.run.devices import device_cell, worth_a_column

UNRANKED: Final = {
    "stand-in": "the stand-in of TensorFlow Serving",
    "floor": "the bare model in process (floors)",
    "null": "the null service",
    "variant": "variants (other settings than the run's)",
}


def ranking(comparison: Comparison) -> Table:
    """Every endpoint: contenders by p50 with the fewest callers, then all that never ranks."""
    device: Field[Entry] = (text_column("Device"), lambda entry: device_cell(comparison, entry))
    fields: list[Field[Entry]] = [
        (Column("Rank"), lambda entry: rank_cell(entry.rank, entry.tied_above)),
        (ENDPOINT, endpoint_cell),
        (text_column("Request"), lambda e: Cell(payload(e.result.payload), _bytes(e.result.request_bytes))),
        *([device] if worth_a_column(comparison) else []),
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
    others = [e for e in comparison.entries if e.role != "contender"]
    caption = (
        f"Ranked by median latency with {alone(comparison)}. ≈ marks a difference from the row above that is tied or "
        "undecided. "
        "Samples are those of p50 and p99; best rate and CPU rest on the samples under Resources, cold start on the "
        "starts under Cold start."
    )
    return grouped("ranking", caption, fields, [("", contenders), *([(unranked(others), others)] if others else [])])


def unranked(others: Iterable[Entry]) -> str:
    """What stands below the ranked endpoints, as a heading: only kinds that are there."""
    roles = {entry.role for entry in others}
    return f"Not ranked: {', '.join(words for role, words in UNRANKED.items() if role in roles)}"


def points(comparison: Comparison) -> Table:
    """Every point of the run, VALID or not."""
    fields: list[Field[Point]] = [
        (ENDPOINT, lambda point: endpoint_cell(comparison.entry(point.endpoint))),
        (Column("Callers"), lambda point: number_cell(point.concurrency, str)),
        (text_column("Verdict"), lambda point: VALID if point.valid else INVALID),
        (Column("p50", "ms"), lambda point: estimate_cell(point.p50_s, ms)),
        (Column("p90", "ms"), lambda point: estimate_cell(point.p90_s, ms)),
        (Column("p99", "ms"), lambda point: estimate_cell(point.p99_s, ms)),
        (Column("p99.9", "ms"), lambda point: estimate_cell(point.p999_s, ms)),
        (Column("Rate", "req/s"), lambda point: estimate_cell(point.throughput, significant)),
        (Column("CPU", "ms/request"), lambda point: estimate_cell(point.cpu_per_request_s, ms)),
        (Column("Errors"), lambda point: count_cell(point.errors)),
        (Column("Answers checked"), lambda point: count_cell(point.answers_checked)),
        (Column("Rounds"), lambda point: count_cell(point.rounds)),
        (SAMPLES, lambda point: count_cell(point.samples)),
    ]
    return listed("points", "Every endpoint at every concurrency; 95% intervals beneath.", fields, comparison.points)


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
