"""What the page of two runs says, in sentences and tables."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.run_diff import Line, Pair, Versus
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import TIED_WITHIN
from serveoff.report.phrases.cells import (
    DASH,
    INVALID,
    TONES,
    Cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    short_cell,
)
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import Format, factor, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, grouped, listed, text_column
from serveoff.report.web.differences import Difference

TITLES: Final = {"p50": "p50", "p99": "p99", "throughput": "Rate"}
CARDS: Final = {"p50": "Median latency (p50)", "p99": "Tail latency (p99)", "throughput": "Throughput (requests/s)"}
FORMATS: Final[dict[str, tuple[Format, str]]] = {
    "p50": (ms, "ms"),
    "p99": (ms, "ms"),
    "throughput": (significant, "req/s"),
}
UNRANKED: Final = {
    "stand-in": "the stand-in of TensorFlow Serving",
    "floor": "the bare model in process (floors)",
    "null": "the null service",
    "variant": "variants (other settings than the run's)",
}


def decision(found: Versus) -> str:
    """The page in one sentence: medians of contenders, for that is what a user waits for."""
    said = found.counts("p50")
    compared = sum(count for word, count in said.items() if word in TONES)
    if found.withheld:
        return "These runs are of different machines, so no ratios are given."
    if not compared:
        return "No endpoint has a VALID median in both runs."
    counts = [f"{count} {word}" for word, count in said.items() if word in TONES]
    clear = "" if {"faster", "slower"} & said.keys() else "No clear difference. "
    return f"{clear}Median latencies of run B against run A: {', '.join(counts)}."


def cautions(found: Versus) -> list[str]:
    """What to know before the first figure, beside the loud notices."""
    partial = [name for name, run in (("A", found.a), ("B", found.b)) if run.comparison.partial]
    provisional = "is partial: it was interrupted or is still running, so its figures are provisional."
    return [
        *(f"Run {name} {provisional}" for name in partial),
        "Intervals include the noise within each run, but no change of the machine between the runs. Look at the rows "
        "that are not ranked first: if the null service or a floor changed, the machine did.",
    ]


def table(found: Versus) -> Table:
    """Endpoint by endpoint, at each concurrency: both figures, the ratio and what it is worth."""
    fields: list[Field[Line]] = [
        (ENDPOINT, lambda line: short_cell(line.entry.result)),
        (Column("Callers"), lambda line: number_cell(line.concurrency, str)),
        *chain.from_iterable(map(_fields, TITLES)),
    ]
    others = [line for line in found.lines if line.entry.role != "contender"]
    ranked = [line for line in found.lines if line.entry.role == "contender"]
    groups = [("", ranked), (_unranked(line.entry for line in others), others)]
    caption = (
        "Above 1× run B is faster: less time, or more requests a second. 95% intervals beneath; they hold for "
        f"all rows of a statistic together. Tied: an interval that holds 1 and lies within {TIED_WITHIN:.0%} of it."
    )
    return grouped("versus", caption, fields, [group for group in groups if group[1]])


def differences_table(found: list[Difference]) -> Table:
    """What was not the same."""
    fields: list[Field[Difference]] = [
        (text_column("What"), lambda found: Cell(found.what)),
        (text_column("Run A"), lambda found: Cell(found.a)),
        (text_column("Run B"), lambda found: Cell(found.b)),
    ]
    return listed("differences", "Everything else was the same in both runs.", fields, found)


def invalid_table(found: Versus) -> Table:
    """Every point that kept a line from being compared, and why."""
    fields: list[Field[tuple[str, Line, Point]]] = [
        (text_column("Run"), lambda row: Cell(row[0])),
        (ENDPOINT, lambda row: endpoint_cell(row[1].entry)),
        (Column("Callers"), lambda row: number_cell(row[1].concurrency, str)),
        (text_column("Seen"), lambda row: Cell("; ".join(finding.seen for finding in row[2].verdict.reasons))),
    ]
    sides = [(side, line, point) for line in found.lines for side, point in (("A", line.a), ("B", line.b)) if point]
    caption = "A point that is INVALID in one run is not compared."
    return listed("invalid", caption, fields, [row for row in sides if not row[2].valid])


def _unranked(others: Iterable[Entry]) -> str:
    """What stands below the ranked endpoints, as a heading: only kinds that are there."""
    roles = {entry.role for entry in others}
    return f"Not ranked: {', '.join(words for role, words in UNRANKED.items() if role in roles)}"


def spoken(line: Line, statistic: str) -> str:
    """One line of the chart for a screen reader."""
    pair = line.pair(statistic)
    return f"{line.entry.name} with {callers(line.concurrency)}: {factor(pair.ratio)}, {pair.word}"


def _fields(statistic: str) -> tuple[Field[Line], ...]:
    """Both runs' figures, and the verdict."""
    (text, unit), title = FORMATS[statistic], TITLES[statistic]
    return (
        (Column(f"{title} A", unit), lambda line: _figure(line.a, line.pair(statistic).a, text)),
        (Column(f"{title} B", unit), lambda line: _figure(line.b, line.pair(statistic).b, text)),
        (text_column("B is"), lambda line: _verdict(line.pair(statistic))),
    )


def _figure(point: Point | None, estimate: Estimate | None, text: Format) -> Cell:
    if point is None:
        return DASH
    return estimate_cell(estimate, text) if point.valid else INVALID


def _verdict(pair: Pair) -> Cell:
    if pair.ratio is None:
        return Cell(pair.word, pair.why, tone="muted")
    return Cell(pair.word, factor(pair.ratio), pair.ratio.value, tone=TONES.get(pair.word, "muted"))
