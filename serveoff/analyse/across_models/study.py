"""Runs of several models to a summary: of each run its decision, and how far servers and formats lie apart."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from serveoff.analyse.across_models.measured_as import differences
from serveoff.analyse.across_models.summary import Absent, Best, Extremes, ModelResult, Named, Spot, Summary
from serveoff.analyse.analysis import Analysis
from serveoff.analyse.claims.pairs import DYNAMIC
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, THROUGHPUT
from serveoff.analyse.statistics.estimates import NOTHING


def study(
    summary_id: str,
    analyses: Sequence[Analysis],
    descriptions: Mapping[str, str],
    problems: Mapping[str, str] = {},
    absent: Sequence[Absent] = (),
    interrupted: bool = False,
) -> Summary:
    """The summary of one run per model, at least one. `descriptions` and `problems` are by model."""
    suites = [analysis.comparison.suite for analysis in analyses]
    models = [_model_result(analysis, descriptions, problems) for analysis in analyses]
    return Summary(
        summary_id=summary_id,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=suites[0].environment.machine,
        settings=suites[0].settings,
        differences=tuple(differences(suites)),
        models=tuple(sorted(models, key=lambda model: model.cost_s or float("inf"))),
        absent=tuple(absent),
        stand_in=any(analysis.comparison.stand_in for analysis in analyses),
        interrupted=interrupted,
    )


def _model_result(analysis: Analysis, descriptions: Mapping[str, str], problems: Mapping[str, str]) -> ModelResult:
    comparison = analysis.comparison
    model = comparison.suite.settings.model
    floors = [(e, alone) for e, alone in _sound(analysis, "floor") if e.result.format not in DYNAMIC]
    cheapest, cost = min(floors, key=lambda found: _p50(found[1]), default=(None, None))
    by_format: dict[str, list[Point]] = {}
    for entry, alone in _sound(analysis, "contender"):
        by_format.setdefault(entry.result.format, []).append(alone)
    return ModelResult(
        model=model,
        description=descriptions.get(model, ""),
        run_id=comparison.folder,
        complete=comparison.suite.complete,
        valid=comparison.valid,
        invalid=len(comparison.invalid),
        problem=problems.get(model, ""),
        cost=cost.p50_s if cost else None,
        cost_format=cheapest.result.format if cheapest else "",
        spots=tuple(_spots(analysis)),
        best=_best(analysis),
        servers=_extremes(analysis, list(by_format.values())),
        formats=_extremes(analysis, [[alone for _, alone in floors]]),
    )


def _named(entry: Entry) -> Named:
    return Named(**{name: getattr(entry.result, name) for name in Named.model_fields})


def _sound(analysis: Analysis, role: str) -> list[tuple[Entry, Point]]:
    """Entries of one role whose p50 with the fewest callers counts, with that point."""
    entries = (entry for entry in analysis.comparison.entries if entry.role == role)
    return [(entry, entry.alone) for entry in entries if entry.alone is not None and entry.alone.sound]


def _spots(analysis: Analysis) -> Iterator[Spot]:
    for entry in analysis.comparison.entries:
        if entry.role in ("contender", "stand-in"):
            alone = entry.alone
            yield Spot(
                named=_named(entry),
                rank=entry.rank,
                tied_above=entry.tied_above,
                p50_s=alone.p50_s if alone is not None and alone.valid else NOTHING,
                overhead=entry.overhead,
                problem=_problem(entry),
                ran=entry.result.unavailable is None,
            )


def _problem(entry: Entry) -> str:
    """Why an endpoint does not count with the fewest callers, or nothing."""
    if entry.result.unavailable:
        return f"could not run: {entry.result.unavailable.text}"
    if entry.alone is None:
        return "not measured"
    return "; ".join(finding.seen for finding in entry.alone.verdict.reasons)


def _best(analysis: Analysis) -> Best | None:
    comparison, evidence = analysis.comparison, analysis.evidence
    if comparison.decision.recommended is None:
        return None
    entry = comparison.entry(comparison.decision.recommended)
    cells = comparison.decision.matrix.row(entry.name).cells
    best = Best(
        named=_named(entry),
        p50_s=cells[LATENCY.objective].estimate,
        throughput=cells[THROUGHPUT.objective].estimate,
    )
    second = next((point for point in evidence.candidates(LATENCY) if point.endpoint != entry.name), None)
    pair = evidence.pair(LATENCY, entry.alone, second)
    if second is None or pair is None:
        return best
    against = {"runner_up": _named(comparison.entry(second.endpoint)), "ahead": pair.ratio, "outcome": pair.outcome}
    return best.model_copy(update=against)


def _extremes(analysis: Analysis, groups: Sequence[Sequence[Point]]) -> Extremes | None:
    """How far endpoints of one group lie apart with the fewest callers: of the group where it is most.

    None where no group has two.
    """
    found = [sorted(group, key=_p50) for group in groups if len(group) > 1]
    if not found:
        return None
    widest = max(found, key=lambda points: _p50(points[-1]) / _p50(points[0]))
    pair = analysis.evidence.pair(LATENCY, widest[0], widest[-1])
    if pair is None:
        return None
    quickest, slowest = (_named(analysis.comparison.entry(point.endpoint)) for point in (widest[0], widest[-1]))
    return Extremes(slowest=slowest, quickest=quickest, ratio=pair.ratio)


def _p50(point: Point) -> float:
    return point.p50_s.value or 0.0
