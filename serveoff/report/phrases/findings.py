"""What does not count, what to read with care, and what could not run."""

from __future__ import annotations

from dataclasses import dataclass

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Point
from serveoff.analyse.verdict import Finding
from serveoff.loadtests.loads import Load, parse_load
from serveoff.report.phrases.cells import Cell, endpoint_cell
from serveoff.report.phrases.names import callers, describe_load, label
from serveoff.report.phrases.tables import Table, text_column


@dataclass(frozen=True)
class Fact:
    """A term and what there is to know of it."""

    term: str
    text: str


def invalid(comparison: Comparison) -> Table:
    """Each INVALID point with what was seen, why it may mislead and what to do."""
    return _findings(comparison, "invalid", "Points that do not count. They are shown, and never rank.", fatal=True)


def cautions(comparison: Comparison) -> Table:
    """Doubts about VALID points."""
    return _findings(comparison, "cautions", "VALID points to read with care.", fatal=False)


def unavailable(comparison: Comparison) -> Table:
    """Endpoints that could not run here, or lack their format, and loads that could not be asked of others; and why."""
    columns = tuple(text_column(title) for title in ("Endpoint", "What", "Why"))
    known = [(entry, entry.result.unavailable) for entry in comparison.entries]
    rows = [(endpoint_cell(entry), Cell("all of it"), Cell(problem.text)) for entry, problem in known if problem]
    for entry in comparison.entries:
        for load, problem in entry.result.left_out.items():
            rows.append((endpoint_cell(entry), Cell(describe_load(parse_load(load))), Cell(problem.text)))
    return Table("unavailable", "What could not be measured in this run.", columns, (("", tuple(rows)),))


def remarks(comparison: Comparison) -> list[Fact]:
    """What the runner noted about endpoints, each note once."""
    by_note: dict[str, list[str]] = {}
    for entry in comparison.entries:
        if entry.result.note:
            by_note.setdefault(entry.result.note, []).append(label(entry.result))
    return [Fact(", ".join(names), note) for note, names in by_note.items()]


def _findings(comparison: Comparison, name: str, caption: str, fatal: bool) -> Table:
    titles = ("Endpoint", "Load", "Seen", "Why it may mislead", "What to do")
    columns = tuple(text_column(title) for title in titles)
    rows: list[tuple[Cell, ...]] = []
    for (endpoint, _), group in _grouped(comparison, fatal).items():
        first = group[0][1]
        loads = list(dict.fromkeys(point.load for point, _ in group))
        rows.append(
            (
                endpoint_cell(comparison.entry(endpoint)),
                Cell(_loads(loads), sort=group[0][0].concurrency),
                *(Cell(text) for text in (_seen(group), first.why, first.advice)),
            )
        )
    return Table(name, caption, columns, (("", tuple(rows)),))


Group = list[tuple[Point, Finding]]


def _grouped(comparison: Comparison, fatal: bool) -> dict[tuple[str, str], Group]:
    """Findings of one kind about one endpoint are one row."""
    groups: dict[tuple[str, str], Group] = {}
    for point in (*comparison.points, *comparison.others):
        for found in point.verdict.reasons if fatal else point.verdict.cautions if point.valid else ():
            groups.setdefault((point.endpoint, found.code), []).append((point, found))
    return groups


def _seen(group: Group) -> str:
    """What was seen: without a load where it is so under all of them, else with those it was seen under."""
    loads = {point.load for point, _ in group}
    seen: dict[str, list[Load]] = {}
    for point, found in group:
        seen.setdefault(found.seen, []).append(point.load)
    return "; ".join(words if len(at) == len(loads) else f"{_loads(at)}: {words}" for words, at in seen.items())


def _loads(loads: list[Load]) -> str:
    """`1, 4, 16 callers`, then other loads one by one."""
    plain = [load.concurrency for load in loads if load.plain]
    said = [", ".join([*map(str, plain[:-1]), callers(plain[-1])])] if plain else []
    return "; ".join([*said, *(describe_load(load) for load in loads if not load.plain)])
