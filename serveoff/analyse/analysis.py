"""Read one run and compute all that the report says, once: points, ranking, answers, claims, calibration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from threadpoolctl import threadpool_limits

from serveoff.analyse import claims
from serveoff.analyse.comparison import Calibration, Comparison
from serveoff.analyse.decision.decision import decide
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, Evidence
from serveoff.analyse.judging.resource_parity import unequal
from serveoff.analyse.judging.validity import too_fast
from serveoff.analyse.point_estimates import (
    at_mean_speed,
    drift_of,
    judge_point,
    loads_of,
    measure,
    resample_all,
    side_by_side,
    slowness_of,
    start_deviations,
)
from serveoff.analyse.ranking import placed, resolution
from serveoff.analyse.slice_rows import RunRows, read_run
from serveoff.analyse.source import Source, source_of
from serveoff.analyse.statistics.max_t import boundary
from serveoff.analyse.studies import (
    attached,
    by_round,
    capacity,
    ceiling,
    cold_start,
    distributions,
    encodings,
    leaving,
    payloads,
    precision,
    sweeps,
    waterfall,
)
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import role_of
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite, load_suite

F = TypeVar("F", bound=Callable[..., Any])


def one_thread(function: F) -> F:
    """Products of matrices are small here: threads would only wait for each other, for twice the CPU time."""
    return cast(F, threadpool_limits.wrap(limits=1, user_api="blas")(function))


@dataclass(frozen=True)
class Analysis:
    """A run's comparison, and the resampled statistics behind it: what it takes to set the run against another."""

    comparison: Comparison
    evidence: Evidence
    source: Source


def compare(folder: Path) -> Comparison:
    """The comparison of the run in `folder`, finished or not; ResultsError where there is none.

    The same folder gives the same figures to the last digit: all draws are seeded by the run.
    """
    return analyse(folder).comparison


@one_thread
def analyse(folder: Path) -> Analysis:
    """The same, with the evidence kept."""
    source = source_of(folder)  # before anything is read: of a run that goes on, the analysis is then out of date
    suite = load_suite(folder)
    rows = read_run(folder)
    evidence = _measure_all(suite, rows)
    ranked = _ranked(evidence)
    evidence = replace(evidence, entries=ranked)
    encoded = payloads.measured(evidence, rows)
    beside = attached.study(evidence, suite.settings)
    comparison = Comparison(
        suite=suite,
        folder=folder.resolve().name,
        concurrencies=tuple(sorted({p.concurrency for e in ranked for p in e.points if e.role != "floor"})),
        entries=tuple(ranked),
        calibration=_calibration(evidence),
        claims=() if beside.only else claims.study(evidence, suite),
        resolution=resolution(evidence),
        start_effect=evidence.starts["p50"].deviations,
        stand_in=any(e.role == "stand-in" for e in ranked),
        sweeps=sweeps.study(evidence),
        capacity=capacity.study(suite, rows, start_deviations(suite, evidence.starts["throughput"])),
        distributions=distributions.study(evidence, rows),
        cold_starts=cold_start.study(evidence),
        waterfall=waterfall.study(ranked, rows),
        payloads=payloads.study(encoded),
        encodings=encodings.study(evidence, encoded),
        by_round=by_round.study(evidence, rows),
        leaving=leaving.study(evidence),
        attached=beside,
        lower_precisions=precision.study(evidence),
    )
    decision = decide(evidence, suite, comparison.by_round, comparison.capacity, comparison.payloads)
    return Analysis(replace(comparison, decision=decision), evidence, source)


@one_thread
def evidence_so_far(folder: Path, looks: int) -> tuple[Evidence, RunSettings]:
    """What the answers of a run that is going on rest on, at its next look of so many; and what it was asked to do."""
    suite = load_suite(folder)
    evidence = _measure_all(suite, read_run(folder), plain=True)
    return replace(evidence, bound=boundary(len(suite.looks) + 1, looks)), suite.settings


def _measure_all(suite: Suite, rows: RunRows, plain: bool = False) -> Evidence:
    """Every point, judged; with `plain` those of plain loads only, by which the answers go."""
    everything = {
        (result.endpoint, load): measure(result, load, rows)
        for result in suite.endpoints
        for load in loads_of(result, suite)
        if load.plain or not plain
    }
    everything = side_by_side(everything)
    drift, slower = drift_of(everything), slowness_of(everything)
    everything = {key: at_mean_speed(measured, slower) for key, measured in everything.items()}
    sampled, starts = resample_all(everything, drift, suite.settings.seed)
    wrong, apart = _wrong_deployments(suite), unequal(suite)
    found = None if plain else ceiling.study(suite, rows)
    kept = found.kept if found else None
    points: dict[str, list[Point]] = {}
    for key, measured in everything.items():
        culprit = wrong.get(measured.result.deployment, "")
        had = apart.get(measured.result.deployment, ())
        points.setdefault(key[0], []).append(judge_point(measured, sampled[key], suite, culprit, had, kept))
    entries = [_entry(result, points.get(result.endpoint, ())) for result in suite.endpoints]
    evidence = Evidence(entries, sampled, _bound(suite), suite.settings.margin, starts, found, slower)
    return replace(evidence, entries=[_below_floor(entry, evidence) for entry in entries])


def _bound(suite: Suite) -> float:
    """That of the look that ended the run, or of the last there was to be; of an interrupted run, of the next."""
    if not suite.looks:
        return boundary()
    last, made = suite.looks[-1], len(suite.looks)
    if suite.complete:
        return boundary(made if last.decided else last.looks, last.looks)
    return boundary(made + 1, last.looks)


def _entry(result: EndpointResult, points: Sequence[Point]) -> Entry:
    plain = tuple(point for point in points if point.load.plain)
    others = tuple(point for point in points if not point.load.plain)
    return Entry(result, role_of(result), plain, None, False, None, others)


def _wrong_deployments(suite: Suite) -> dict[str, str]:
    """Deployment to the endpoint of it that gave a wrong answer, at the gate or under load."""
    return {
        result.deployment: result.endpoint
        for result in suite.endpoints
        if role_of(result) != "null"
        and ((result.gate and not result.gate.passed) or any(w.wrong_answers for w in result.windows))
    }


def _ranked(evidence: Evidence) -> list[Entry]:
    """Entries with their rank: ranked first, then contenders without a rank, floors, null."""
    known = [(entry, entry.alone) for entry in evidence.contenders if entry.alone and entry.alone.sound]
    ranked = [replace(entry, rank=place, tied_above=above) for place, entry, above in placed(evidence, known)]
    order = ("contender", "stand-in", "variant", "floor", "null")
    names = {entry.name for entry in ranked}
    rest = [entry for entry in evidence.entries if entry.name not in names]
    return ranked + sorted(rest, key=lambda entry: (order.index(entry.role), _p50(entry)))


def _p50(entry: Entry) -> float:
    alone = entry.alone
    return alone.p50_s.value if alone and alone.p50_s.value is not None else float("inf")


def _below_floor(entry: Entry, evidence: Evidence) -> Entry:
    """The entry with its overhead; where that is less than none, no point of it counts."""
    floors = (e for e in evidence.entries if e.role == "floor" and e.result.format == entry.result.format)
    mine, floor = entry.alone, next(floors, None)
    its = floor.alone if floor else None
    if entry.role not in ("contender", "stand-in") or mine is None or its is None or mine.load != its.load:
        return entry  # more callers queue: that is not the server's overhead
    overhead = evidence.ratio(LATENCY, its, mine)
    if overhead is None or overhead.high is None or overhead.high >= 1 or not _same_device(entry, floor):
        return replace(entry, overhead=overhead)
    finding = too_fast(mine.p50_s, its.p50_s)
    plain, others = (tuple(p.doubted(finding) for p in points) for points in (entry.points, entry.others))
    return replace(entry, points=plain, others=others)


def _same_device(entry: Entry, floor: Entry | None) -> bool:
    return floor is not None and entry.result.device in (None, floor.result.device)


def _calibration(evidence: Evidence) -> Calibration | None:
    null = next((e for e in evidence.entries if e.role == "null" and e.best is not None), None)
    if null is None or null.best is None or null.alone is None:
        return None
    best = null.best
    reached = best.throughput, best.concurrency, best.client_cpu_share
    return Calibration(null.name, null.alone.p50_s, *reached, evidence.ceiling)
