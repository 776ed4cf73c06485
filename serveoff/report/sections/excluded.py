"""What was left out, by reason: INVALID points, doubts about VALID ones, and what could not run."""

from collections.abc import Iterable

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.verdict import Finding, FindingCode
from serveoff.loadtests.loads import Load, parse_load
from serveoff.record.problems import Problem
from serveoff.report.phrases import recommendation
from serveoff.report.phrases.cells import Cell, endpoint_cell
from serveoff.report.phrases.names import callers, describe_load, phrase
from serveoff.report.phrases.tables import Field, Table, listed, text_column
from serveoff.report.section import Fact, Section
from serveoff.report.sections.notes import STAND_IN

Group = tuple[FindingCode, list[tuple[Point, Finding]]]
"""One reason, and every point that has it."""


def glance(comparison: Comparison) -> Section:
    """All of it in a line or two."""
    points = (*comparison.points, *comparison.others)
    if not points:
        return Section("left-out", "Excluded results", paragraphs=("Nothing was measured.",))
    is_are = "is" if len(comparison.invalid) == 1 else "are"
    counted = f"{len(comparison.invalid)} of {len(points)} points {is_are} INVALID."
    said = (
        recommendation.excluded(comparison),
        counted if comparison.invalid else f"All {len(points)} points are VALID.",
    )
    return Section("left-out", "Excluded results", paragraphs=(" ".join(filter(None, said)),))


def section(comparison: Comparison) -> Section:
    """The reasons, one row each."""
    bad, doubts, absent = invalid(comparison), cautions(comparison), unavailable(comparison)
    parts = (
        Section("cautions", "Read with care", table=doubts),
        Section("unavailable", "Not run here", table=absent),
        Section("remarks", "Remarks", facts=tuple(remarks(comparison))),
    )
    absent_native = (f"{STAND_IN} Claims C7 and C8 rest on the other servers.",) if comparison.stand_in else ()
    return Section(
        "excluded",
        "Excluded results",
        paragraphs=(*absent_native, *(() if bad.rows else (_none_invalid(comparison),))),
        table=bad if bad.rows else None,
        parts=tuple(part for part in parts if part.facts or (part.table and part.table.rows)),
    )


def _none_invalid(comparison: Comparison) -> str:
    return "Every point is VALID." if (*comparison.points, *comparison.others) else "Nothing was measured."


def invalid(comparison: Comparison) -> Table:
    """Each reason, with where and what was seen, why it may mislead and what to do."""
    return _findings(comparison, "invalid", "INVALID points are shown and never rank.", fatal=True)


def cautions(comparison: Comparison) -> Table:
    """Doubts about VALID points."""
    return _findings(comparison, "cautions", "These points are VALID.", fatal=False)


def unavailable(comparison: Comparison) -> Table:
    """Endpoints that could not run here, or lack their format, and loads that could not be asked of others; and why."""
    rows = [(entry, "all", problem) for entry in comparison.entries if (problem := entry.result.unavailable)]
    rows += [
        (entry, describe_load(parse_load(load)), problem)
        for entry in comparison.entries
        for load, problem in entry.result.left_out.items()
    ]
    fields: list[Field[tuple[Entry, str, Problem]]] = [
        (text_column("Endpoint"), lambda row: endpoint_cell(row[0])),
        (text_column("What"), lambda row: Cell(row[1])),
        (text_column("Why"), lambda row: Cell(row[2].text)),
    ]
    return listed("unavailable", "What could not be measured in this run.", fields, rows)


def remarks(comparison: Comparison) -> list[Fact]:
    """What the runner noted about endpoints, each note once; of stand-ins the section has said it."""
    by_note: dict[str, list[str]] = {}
    for entry in comparison.entries:
        if entry.result.note and entry.role != "stand-in":
            by_note.setdefault(entry.result.note, []).append(phrase(entry.result))
    return [Fact(", ".join(names), note) for note, names in by_note.items()]


def grouped(points: Iterable[Point], fatal: bool) -> list[Group]:
    """Findings by their code, in the order in which they are met; doubts of VALID points only."""
    groups: dict[FindingCode, list[tuple[Point, Finding]]] = {}
    for point in points:
        for found in point.verdict.reasons if fatal else point.verdict.cautions if point.valid else ():
            groups.setdefault(found.code, []).append((point, found))
    return list(groups.items())


def _findings(comparison: Comparison, name: str, caption: str, fatal: bool) -> Table:
    fields: list[Field[Group]] = [
        (text_column("Reason"), lambda group: Cell(group[0], tone="bad" if fatal else "mid")),
        (text_column("Where"), lambda group: Cell(_where(comparison, group) if fatal else _roughly(comparison, group))),
        (text_column("Seen"), lambda group: Cell(_seen(group))),
        (text_column("Why it may mislead"), lambda group: Cell(group[1][0][1].why)),
        (text_column("What to do"), lambda group: Cell(group[1][0][1].advice)),
    ]
    return listed(name, caption, fields, grouped((*comparison.points, *comparison.others), fatal))


def _where(comparison: Comparison, group: Group) -> str:
    """Each endpoint with its loads."""
    by_endpoint: dict[str, list[Load]] = {}
    for point, _ in group[1]:
        by_endpoint.setdefault(point.endpoint, []).append(point.load)
    return "; ".join(
        f"{phrase(comparison.entry(name).result)}: {_loads(list(dict.fromkeys(loads)))}"
        for name, loads in by_endpoint.items()
    )


def _roughly(comparison: Comparison, group: Group) -> str:
    """The same of a few endpoints; of many only how many: their rows say it again."""
    names = {point.endpoint for point, _ in group[1]}
    return _where(comparison, group) if len(names) <= MOST else f"{len(group[1])} loads of {len(names)} endpoints"


MOST = 4
"""Endpoints that are named one by one where what they have in common is only a doubt."""
FEW = 2
"""So many sights of one reason are told; more of them say nothing new."""


def _seen(group: Group) -> str:
    sights = list(dict.fromkeys(found.seen for _, found in group[1]))
    more = f"; and {len(sights) - FEW} more" if len(sights) > FEW else ""
    return "; ".join(sights[:FEW]) + more


def _loads(loads: list[Load]) -> str:
    """`1, 4, 16 callers`, then other loads one by one."""
    plain = [load.concurrency for load in loads if load.plain]
    said = [", ".join([*map(str, plain[:-1]), callers(plain[-1])])] if plain else []
    return "; ".join([*said, *(describe_load(load) for load in loads if not load.plain)])
