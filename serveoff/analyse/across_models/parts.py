"""What a summary takes of one run: the comparison's own figures, and ratios by the same bootstrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from serveoff.analyse.across_models.summary import Binary, Extremes, Floor, ModelResult, Named, Rival, Spot, Win
from serveoff.analyse.analysis import Analysis
from serveoff.analyse.contrasts import PAIRS
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Measure
from serveoff.analyse.ranking import figure
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.payloads import JSON, Encoded

DYNAMIC: Final = frozenset(dynamic for _, _, dynamic in PAIRS)
"""Formats that are no static graph: what a model costs is told by the others."""
NATIVE_OF: Final = "flask"


def model_result(analysis: Analysis, description: str, problem: str) -> ModelResult:
    """One model, from the analysis of its run."""
    comparison = analysis.comparison
    suite = comparison.suite
    floors, spots = tuple(_floors(analysis)), tuple(_spots(analysis))
    found = ModelResult(
        model=suite.settings.model,
        description=description,
        parameters=suite.model_parameters,
        run_id=comparison.folder,
        complete=suite.complete,
        valid=comparison.valid,
        invalid=len(comparison.invalid),
        problem=problem,
        floors=floors,
        spots=spots,
        wins=tuple(win for measure in (LATENCY, THROUGHPUT) if (win := _win(analysis, measure)) is not None),
        rivals=tuple(_rivals(analysis)),
        binaries=tuple(_binaries(analysis)),
        resolution=comparison.resolution.get("latency"),
    )
    by_format: dict[str, list[Point]] = {}
    for entry, alone in _sound(analysis, "contender"):
        by_format.setdefault(entry.result.format, []).append(alone)
    static = [alone for entry, alone in _sound(analysis, "floor") if entry.result.format not in DYNAMIC]
    apart = {"servers": _extremes(analysis, list(by_format.values())), "formats": _extremes(analysis, [static])}
    return found.model_copy(update=apart)


def named(entry: Entry) -> Named:
    """An endpoint of a run."""
    return Named(**{name: getattr(entry.result, name) for name in Named.model_fields})


def _sound(analysis: Analysis, role: str) -> list[tuple[Entry, Point]]:
    """Entries of one role whose p50 with the fewest callers counts, with that point."""
    entries = (entry for entry in analysis.comparison.entries if entry.role == role)
    return [(entry, entry.alone) for entry in entries if entry.alone is not None and entry.alone.sound]


def _floors(analysis: Analysis) -> Iterator[Floor]:
    for entry, alone in _sound(analysis, "floor"):
        format = entry.result.format
        yield Floor(endpoint=entry.name, format=format, static=format not in DYNAMIC, p50_s=alone.p50_s)


def _spots(analysis: Analysis) -> Iterator[Spot]:
    shown = [entry for entry in analysis.comparison.entries if entry.role in ("contender", "stand-in")]
    for entry in shown:
        alone = entry.alone
        yield Spot(
            named=named(entry),
            rank=entry.rank,
            tied_above=entry.tied_above,
            p50_s=alone.p50_s if alone is not None and alone.valid else Estimate(None, None, None, 0),
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


def _win(analysis: Analysis, measure: Measure) -> Win | None:
    entry, evidence = analysis.comparison.entry, analysis.evidence
    first, second, *_ = [*evidence.candidates(measure), None, None]
    if first is None:
        return None
    pair = evidence.pair(measure, first, second)
    rows = analysis.comparison.decision.matrix.rows
    marks = [row.cells[measure.objective].mark for row in rows if row.endpoint != first.endpoint]
    return Win(
        objective="latency" if measure is LATENCY else "throughput",
        winner=named(entry(first.endpoint)),
        estimate=figure(first, measure.statistic),
        concurrency=first.concurrency,
        runner_up=named(entry(second.endpoint)) if second else None,
        runner_up_estimate=figure(second, measure.statistic) if second else None,
        margin=pair.ratio if pair else None,
        outcome=pair.outcome if pair else "unopposed",
        not_worse=sum(mark in ("equal", "undecided") for mark in marks),
    )


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
    return Extremes(slowest=widest[-1].endpoint, quickest=widest[0].endpoint, ratio=pair.ratio, among=len(widest))


def _rivals(analysis: Analysis) -> Iterator[Rival]:
    """Each format that Flask and its native server both served over REST."""
    rest = [(entry, alone) for entry, alone in _sound(analysis, "contender") if entry.result.protocol == "rest"]
    for one, other in combinations(rest, 2):
        if any(getattr(one[0].result, same) != getattr(other[0].result, same) for same in ("format", "payload")):
            continue
        (flask, mine), (native, its) = (one, other) if one[0].result.server == NATIVE_OF else (other, one)
        if flask.result.server == NATIVE_OF and native.result.server != NATIVE_OF:
            found = analysis.evidence.pair(LATENCY, mine, its)
            if found is not None:
                yield Rival(flask=named(flask), native=named(native), faster=found.ratio, outcome=found.outcome)


def _binaries(analysis: Analysis) -> Iterator[Binary]:
    """Endpoints that were measured with JSON and with anything else."""
    groups: dict[str, list[Encoded]] = {}
    for encoded in analysis.comparison.payloads:
        groups.setdefault(encoded.endpoint, []).append(encoded)
    for endpoint, group in groups.items():
        plain = next((e for e in group if e.encoding in JSON and e.point.valid), None)
        others = [e for e in group if e.than_json is not None and e.than_json.value is not None and e.point.valid]
        best = max(others, key=lambda e: (e.than_json.value if e.than_json else None) or 0.0, default=None)
        if plain is None or best is None or best.than_json is None:
            continue
        yield Binary(
            named=named(analysis.comparison.entry(endpoint)),
            encoding=best.encoding,
            json_p50_s=plain.point.p50_s,
            p50_s=best.point.p50_s,
            faster=best.than_json,
            json_bytes=plain.request_bytes,
            request_bytes=best.request_bytes,
        )


def _p50(point: Point) -> float:
    return point.p50_s.value or 0.0
