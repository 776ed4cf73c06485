"""The ranked table, and the table of every point."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.phrases.cells import DASH, INVALID, Cell, count_cell, endpoint_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import callers, payload
from serveoff.report.phrases.numbers import kilobytes, megabytes, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column
from serveoff.report.sections.run.devices import device_cell, worth_a_column

UNRANKED: Final = {
    "floor": "the bare model in process (floors)",
    "null": "the null service",
    "variant": "variants (other settings than the run's)",
}


def ranking(comparison: Comparison) -> Table:
    """Every endpoint: contenders by p50 with the fewest callers, then all that never ranks."""
    alone = callers(comparison.concurrencies[0]) if comparison.concurrencies else "1 caller"
    columns = (
        Column("Rank"),
        ENDPOINT,
        text_column("Request"),
        *((text_column("Device"),) if worth_a_column(comparison) else ()),
        Column("p50", "ms"),
        Column("p99", "ms"),
        Column("Best rate", "req/s"),
        Column("CPU", "ms/request"),
        Column("Cold start", "s"),
        Column("Memory", "MB"),
        Column("Artifact", "MB"),
        SAMPLES,
        text_column("Verdict"),
    )
    contenders = [e for e in comparison.entries if e.role == "contender"]
    others = [e for e in comparison.entries if e.role != "contender"]
    groups = [("", tuple(_ranking_row(comparison, e) for e in contenders))]
    if others:
        groups.append((unranked(others), tuple(_ranking_row(comparison, e) for e in others)))
    caption = (
        f"Ranked by median latency with {alone}. ≈ marks a difference from the row above that is a tie or "
        "inconclusive. "
        "Samples are those of p50 and p99; best rate and CPU rest on the samples under Resources, cold start on the "
        "starts under Cold start."
    )
    return Table("ranking", caption, columns, tuple(groups))


def unranked(others: Iterable[Entry]) -> str:
    """What stands below the ranked endpoints, as a heading: only kinds that are there."""
    roles = {entry.role for entry in others}
    return f"Not ranked: {', '.join(words for role, words in UNRANKED.items() if role in roles)}"


def points(comparison: Comparison) -> Table:
    """Every point of the run, VALID or not."""
    columns = (
        ENDPOINT,
        Column("Callers"),
        text_column("Verdict"),
        *(Column(p, "ms") for p in ("p50", "p90", "p99", "p99.9")),
        Column("Rate", "req/s"),
        Column("CPU", "ms/request"),
        Column("Errors"),
        Column("Answers checked"),
        Column("Rounds"),
        SAMPLES,
    )
    rows = tuple(_point_row(comparison.entry(p.endpoint), p) for p in comparison.points)
    return single("points", "Every endpoint at every concurrency; 95% intervals beneath.", columns, rows)


def _ranking_row(comparison: Comparison, entry: Entry) -> tuple[Cell, ...]:
    alone, best, start = entry.alone, entry.best, entry.first_answer_s
    shown = alone if alone is not None and alone.valid else None
    rank = Cell(f"{'≈ ' if entry.tied_above else ''}{entry.rank}", sort=entry.rank) if entry.rank else DASH
    rate = estimate_cell(best.throughput if best else None, significant)
    return (
        rank,
        endpoint_cell(entry),
        Cell(payload(entry.result.payload), _bytes(entry.result.request_bytes)),
        *((device_cell(comparison, entry),) if worth_a_column(comparison) else ()),
        estimate_cell(shown.p50_s if shown else None, ms),
        estimate_cell(shown.p99_s if shown else None, ms),
        Cell(
            rate.text,
            f"{rate.small} at {best.concurrency}" if best and rate.small else rate.small,
            rate.sort,
            tone=rate.tone,
        ),
        estimate_cell(best.cpu_per_request_s if best else None, ms),
        number_cell(start.value if start else None, significant),
        number_cell(entry.peak_memory_bytes, megabytes),
        number_cell(entry.result.artifact_bytes, megabytes),
        count_cell(shown.samples) if shown else DASH,
        _state(entry),
    )


def _state(entry: Entry) -> Cell:
    if entry.result.unavailable:
        return Cell("not run", tone="muted")
    good = sum(point.valid for point in entry.points)
    if good in (0, len(entry.points)):
        return Cell("VALID", tone="good") if good else INVALID
    return Cell("VALID", f"{good} of {len(entry.points)} points", tone="mid")


def _bytes(size: int | None) -> str:
    return "" if size is None else f"{kilobytes(size)}\u00a0kB"


def _point_row(entry: Entry, point: Point) -> tuple[Cell, ...]:
    valid = point.valid
    return (
        endpoint_cell(entry),
        Cell(str(point.concurrency), sort=point.concurrency),
        Cell("VALID" if valid else "INVALID", tone="good" if valid else "bad"),
        *(estimate_cell(f, ms) for f in (point.p50_s, point.p90_s, point.p99_s, point.p999_s)),
        estimate_cell(point.throughput, significant),
        estimate_cell(point.cpu_per_request_s, ms),
        count_cell(point.errors),
        count_cell(point.answers_checked),
        count_cell(point.rounds),
        count_cell(point.samples),
    )
