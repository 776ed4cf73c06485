"""The whole comparison in base units: what the other forms were made from."""

import json
from dataclasses import asdict
from typing import Any

from serveoff.analyse import canary
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Point
from serveoff.analyse.studies.distributions import BINS_PER_DECADE, Distribution
from serveoff.analyse.studies.encodings import EncodingCell
from serveoff.analyse.studies.leaving import WayOut
from serveoff.analyse.studies.payloads import Encoded
from serveoff.analyse.studies.precision import Lower
from serveoff.analyse.studies.sweeps import Change
from serveoff.record.problems import Problem
from serveoff.report.phrases.names import phrase, scenario
from serveoff.report.sections import cold_starts

SUFFIX = ".json"
SCHEMA_VERSION = 6


def render(comparison: Comparison) -> str:
    """Strict JSON (no NaN): entries with their points, the decision, claims, calibration, settings."""
    suite = comparison.suite
    document = {
        "schema_version": SCHEMA_VERSION,
        "run_id": suite.run_id,
        "complete": suite.complete,
        "ended_early": suite.ended_early,
        "looks": [look.model_dump() for look in suite.looks],
        "folder": comparison.folder,
        "decision": decision_record(comparison),
        "stand_in": comparison.stand_in,
        "concurrencies": comparison.concurrencies,
        "entries": [
            {"rank": e.rank, "role": e.role, "label": phrase(e.result), "tied_above": e.tied_above}
            | {"result": e.result.model_dump(exclude={"windows"})}
            | {"overhead": asdict(e.overhead) if e.overhead else None}
            | {"points": [_point(p) for p in e.points], "others": [_point(p) for p in e.others]}
            for e in comparison.entries
        ],
        "claims": [asdict(claim) for claim in comparison.claims],
        "capacity": [asdict(found) for found in comparison.capacity],
        "payloads": [
            {"endpoint": e.endpoint, "payload": e.payload, "request_bytes": e.request_bytes, "encode_s": e.encode_s}
            | {"p50_s": asdict(e.point.p50_s), "p99_s": asdict(e.point.p99_s)}
            | {"faster": asdict(e.faster) if e.faster else None}
            | {"encoding": e.encoding, "encodes": e.encodes, "answer_bytes": e.answer_bytes}
            | {"valid": e.point.valid}
            for e in comparison.payloads
        ],
        "distributions": [_distribution(found) for found in comparison.distributions],
        "cold_starts": [cold_starts.record(starts) for starts in comparison.cold_starts],
        "where_the_time_goes": [asdict(breakdown) | {"sum_s": breakdown.sum_s} for breakdown in comparison.waterfall],
        "encodings": {
            "matrix": [_cell(cell) for cell in comparison.encodings.matrix],
            "best": [
                {"rank": standing.rank, "tied_above": standing.tied_above} | _encoded(standing.encoded)
                for standing in comparison.encodings.best
            ],
        },
        "leaving": [_way_out(way) for way in comparison.leaving.ways],
        "lower_precisions": [_lower(lower) for lower in comparison.lower_precisions],
        "settings_changed": [_change(change) for change in comparison.sweeps.changes],
        "out_of_the_box": [
            {"endpoint": p.entry.result.base, "rank": p.rank, "tied_above": p.tied_above, "tuned_rank": p.tuned_rank}
            for p in comparison.sweeps.out_of_the_box
        ],
        "calibration": asdict(comparison.calibration) if comparison.calibration else None,
        "resolution": comparison.resolution,
        "start_effect": comparison.start_effect,
        "settings": suite.settings.model_dump(),
        "environment": suite.environment.model_dump(),
    }
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False, default=_problem) + "\n"


def _canary(comparison: Comparison) -> dict[str, Any] | None:
    """The verdict, where the run was asked for one."""
    found = canary.asked(comparison)
    if found is None:
        return None
    judged = [asdict(each) | {"passing": each.passing} for each in found.judged]
    return asdict(found) | {"judged": judged, "failed": found.failed, "undecided": found.undecided}


def _way_out(way: WayOut) -> dict[str, Any]:
    against = [
        {"endpoint": a.left.name, "rows": a.rows, "faster": asdict(a.ratio), "outcome": a.outcome} for a in way.against
    ]
    endpoint = way.entry.name if way.entry is not None else None
    return {"format": way.format, "endpoint": endpoint, "problem": way.problem, "against": against}


def _lower(lower: Lower) -> dict[str, Any]:
    speeds = [{"rows": s.rows, "faster": asdict(s.ratio), "outcome": s.outcome} for s in lower.speeds]
    return {
        "endpoint": lower.entry.name,
        "base": lower.entry.result.base,
        "precision": lower.precision,
        "problem": lower.problem,
        "speeds": speeds,
        "accuracy": asdict(lower.accuracy) if lower.accuracy else None,
    }


def decision_record(comparison: Comparison) -> dict[str, Any]:
    """The decision, which run it is of, and how attached endpoints compare: `serveoff show --json` prints the same."""
    suite, attached = comparison.suite, comparison.attached
    of = {"run_id": suite.run_id, "model": suite.settings.model, "complete": suite.complete}
    beside = {"attached": asdict(attached), "canary": _canary(comparison)} if attached.baseline else {}
    return of | asdict(comparison.decision) | beside


def _cell(cell: EncodingCell) -> dict[str, Any]:
    state = {"deployment": cell.deployment, "encoding": cell.encoding, "state": cell.state, "reason": cell.reason}
    return state | (_encoded(cell.encoded) if cell.encoded else {})


def _encoded(encoded: Encoded) -> dict[str, Any]:
    point = encoded.point
    known = {"endpoint": encoded.endpoint, "encoding": encoded.encoding, "request_bytes": encoded.request_bytes}
    return known | {"p50_s": asdict(point.p50_s), "samples": point.samples, "valid": point.valid}


def _change(change: Change) -> dict[str, Any]:
    ratios = {"faster": change.faster, "more": change.more}
    return {
        "endpoint": change.variant.name,
        "base": change.variant.result.base,
        "variant": change.variant.result.variant,
        "concurrency": change.point.concurrency,
        "outcome": change.outcome,
    } | {name: asdict(ratio) if ratio else None for name, ratio in ratios.items()}


def _distribution(found: Distribution) -> dict[str, Any]:
    """Edges of the bins are 10 ** (i / bins_per_decade) seconds, i from `first_bin` on."""
    kept = asdict(found) | {"endpoint": found.point.endpoint, "load": found.point.load.text}
    del kept["point"]
    return kept | {"samples": found.point.samples, "bins_per_decade": BINS_PER_DECADE}


def _point(point: Point) -> dict[str, Any]:
    return asdict(point) | {
        "load": point.load.text,
        "scenario": scenario(point.load),
        "concurrency": point.concurrency,
        "valid": point.valid,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    """What went wrong, wherever it stands: `asdict` leaves a model of pydantic's as it is."""
    return problem.model_dump()
