"""The decision matrix: every contender by every objective, each figure marked by how it compares with the best."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import COST, MEASURES, Evidence, Measure
from serveoff.analyse.ranking import figure
from serveoff.analyse.statistics.estimates import NOTHING, Estimate
from serveoff.analyse.statistics.few_repeats import Bounds, Spread, apart
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.verdict import TIED_WITHIN, Outcome
from serveoff.record.attached import ATTACHED
from serveoff.record.suite import Suite

Mark = Literal["best", "equal", "worse", "undecided", "alone", "invalid", "absent"]
"""`equal`: tied with the best. `alone`: of no other is it known, or of a single start that no other can be set against.
`invalid`: measured, and not to be trusted. `absent`: not measured."""
GOOD: Final[frozenset[Mark]] = frozenset({"best", "equal"})
MARKS: Final[Mapping[Outcome, Mark]] = {"faster": "worse", "tied": "equal"}
"""Of the best against this one; any other outcome leaves it undecided."""
TIE_BREAKERS: Final = ("cold_start", "memory", "artifact")
"""Objectives that are measured a few times, once, or known exactly; in this order."""
ALWAYS: Final = ("latency", "tail", "throughput")
"""Objectives that every endpoint can be measured by; what a server takes cannot be seen from outside."""
FULL: Final = 0.9
"""From this share of its cores on, a server is at its limit: throughput then says what a request costs."""


@dataclass(frozen=True)
class MatrixCell:
    """One contender on one objective, in base units."""

    estimate: Estimate
    """Without a value where it is `invalid` or `absent`."""
    mark: Mark
    concurrency: int | None = None
    """With how many callers; None where that is not asked."""
    bounds: Bounds = "interval"
    """What the estimate's bounds are, where it has any."""

    @property
    def good(self) -> bool:
        """The best, or tied with it."""
        return self.mark in GOOD


@dataclass(frozen=True)
class MatrixRow:
    """One contender; cells by objective, in the matrix's order."""

    endpoint: EndpointName
    cells: dict[str, MatrixCell]


@dataclass(frozen=True)
class Matrix:
    """Rows in the entries' order, the recommended first. Without `cost` where all servers had their cores full.

    Without any of ALWAYS' others where it is not known of one endpoint.
    """

    objectives: tuple[str, ...] = ()
    """Those that are resampled first, then TIE_BREAKERS."""
    rows: tuple[MatrixRow, ...] = ()

    @property
    def resampled(self) -> tuple[str, ...]:
        """The objectives that a recommendation goes by."""
        return tuple(name for name in self.objectives if name not in TIE_BREAKERS)

    @property
    def tie_breakers(self) -> tuple[str, ...]:
        """The others."""
        return tuple(name for name in self.objectives if name in TIE_BREAKERS)

    @property
    def telling(self) -> tuple[str, ...]:
        """The objectives without those of TIE_BREAKERS in which all of several rows are tied: they decide nothing."""
        several = self.rows if len(self.rows) > 1 else ()
        tied = [n for n in self.tie_breakers if several and all(row.cells[n].mark == "equal" for row in several)]
        return tuple(name for name in self.objectives if name not in tied)

    def row(self, endpoint: str) -> MatrixRow:
        """The row of one contender; KeyError where there is none."""
        return {row.endpoint: row for row in self.rows}[endpoint]


def measures(evidence: Evidence, suite: Suite) -> tuple[Measure, ...]:
    """The objectives that a recommendation goes by: cost only where it says something else than throughput."""
    return tuple(m for m in MEASURES if m is not COST or not _cores_full(evidence, suite))


def build(evidence: Evidence, by: Sequence[Measure]) -> Matrix:
    """Every contender that was meant to run; what can be seen of none of them has no column."""
    columns = {m.objective: _measured(evidence, m) for m in by}
    columns |= {
        "cold_start": _cold_starts(evidence.contenders),
        "memory": _exact(evidence.contenders, lambda entry: entry.result.memory_bytes),
        "artifact": _exact(evidence.contenders, lambda entry: entry.result.artifact_bytes),
    }
    columns = {n: _rivalled(column) for n, column in columns.items() if n in ALWAYS or _visible(column, evidence)}
    rows = [MatrixRow(e.name, {o: column[e.name] for o, column in columns.items()}) for e in evidence.contenders]
    return Matrix(tuple(columns), tuple(rows))


def _rivalled(column: dict[str, MatrixCell]) -> dict[str, MatrixCell]:
    """The column; where all others are absent, nobody is the best."""
    known = [name for name, cell in column.items() if cell.mark != "absent"]
    if len(known) != 1 or len(column) == 1 or not column[known[0]].good:
        return column
    return column | {known[0]: replace(column[known[0]], mark="alone")}


def _visible(column: Mapping[str, MatrixCell], evidence: Evidence) -> bool:
    """Somebody's figure is known, or would be if it counted: of an attached endpoint no more can be seen than was."""
    ours = [entry.name for entry in evidence.contenders if entry.result.server != ATTACHED]
    known = any(cell.estimate.value is not None for cell in column.values())
    return known or any(column[name].mark != "absent" for name in ours)


def _cores_full(evidence: Evidence, suite: Suite) -> bool:
    """At its best throughput every contender that is known kept its cores busy."""
    shares = [share for entry in evidence.contenders if (share := _busy(entry, suite)) is not None]
    return bool(shares) and min(shares) >= FULL


def _busy(entry: Entry, suite: Suite) -> float | None:
    """The share of its cores that it kept busy; nobody here gave an attached endpoint any.

    Of a process it is the share of the run's own CPU limit too, which the load generator takes a part of.
    """
    box, limit = entry.result.container, suite.environment.machine.cpu_limit
    point = None if entry.result.server == ATTACHED else entry.best
    if point is None or point.cpu_per_request_s.value is None or point.throughput.value is None:
        return None
    used, cores = point.cpu_per_request_s.value * point.throughput.value, float(len(suite.settings.server_cpus))
    if box is not None:
        cores = box.cpu_limit or cores
    shares = [used / cores] if cores else []
    if box is None and limit is not None:
        shares.append((used + (point.client_cpu_share or 0.0)) / limit)
    return max(shares, default=None)


def _measured(evidence: Evidence, measure: Measure) -> dict[str, MatrixCell]:
    candidates = evidence.candidates(measure)
    best = candidates[0] if candidates else None
    return {entry.name: _cell(evidence, measure, entry, best) for entry in evidence.contenders}


def _cell(evidence: Evidence, measure: Measure, entry: Entry, best: Point | None) -> MatrixCell:
    point = measure.point(entry)
    estimate = figure(point, measure.statistic) if point and point.valid else NOTHING
    if point is None or estimate.value is None:
        return MatrixCell(estimate, "invalid" if _refuted(entry, point) else "absent")
    if point is best:
        return MatrixCell(estimate, "best", point.concurrency)
    pair = evidence.pair(measure, best, point)
    return MatrixCell(estimate, MARKS.get(pair.outcome, "undecided") if pair else "undecided", point.concurrency)


def _refuted(entry: Entry, point: Point | None) -> bool:
    """The point that is asked for was measured and is INVALID; where there is none, all that were."""
    return not point.valid if point else bool(entry.points) and not any(p.valid for p in entry.points)


def _cold_starts(contenders: Sequence[Entry]) -> dict[str, MatrixCell]:
    known = {e.name: s for e in contenders if (s := e.first_answer_s) is not None and _counts(e)}
    several = [s for s in known.values() if s.bounds != "none"]
    least = min(several or known.values(), key=lambda s: s.value, default=None)
    return {e.name: _start_cell(least, known[e.name]) if e.name in known else _none(e) for e in contenders}


def _start_cell(least: Spread | None, mine: Spread) -> MatrixCell:
    assert least is not None
    mark: Mark = "best" if mine == least else MARKS.get(apart(least, mine), "undecided")
    return MatrixCell(mine.estimate, "alone" if mine.bounds == "none" else mark, bounds=mine.bounds)


def _exact(contenders: Sequence[Entry], of: Callable[[Entry], float | None]) -> dict[str, MatrixCell]:
    """Figures without an interval: where several lie within 5% of the least, they are equal and none is best."""
    known = {e.name: float(value) for e in contenders if (value := of(e)) is not None and _counts(e)}
    least = min(known.values(), default=0.0)
    good = {value for value in known.values() if value <= least * (1 + TIED_WITHIN)}
    marks: dict[str, Mark] = {
        name: "worse" if value not in good else "equal" if len(good) > 1 else "best" for name, value in known.items()
    }
    cells = {
        name: MatrixCell(Estimate(known[name], None, None, 1), mark, bounds="none") for name, mark in marks.items()
    }
    return {e.name: cells[e.name] if e.name in cells else _none(e) for e in contenders}


def _none(entry: Entry) -> MatrixCell:
    return MatrixCell(NOTHING, "invalid" if entry.points and not _counts(entry) else "absent")


def _counts(entry: Entry) -> bool:
    """Any of its points is VALID: one that answers wrongly wins nothing by its size."""
    return any(point.valid for point in entry.points)
