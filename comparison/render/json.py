"""The whole comparison in base units: what the other forms were made from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from comparison.outcome import Change, Comparison, Point
from comparison.render import more_time
from comparison.render.names import label
from comparison.render.scenarios import scenario
from comparison.render.words import decision, sentence
from comparison.spent import spent

SUFFIX = ".json"
SCHEMA_VERSION = 1


def render(comparison: Comparison) -> str:
    """Strict JSON (no NaN): entries with their points, answers with their sentences, claims, calibration, settings."""
    suite = comparison.suite
    document = {
        "schema_version": SCHEMA_VERSION,
        "run_id": suite.run_id,
        "complete": suite.complete,
        "stopped_early": suite.stopped_early,
        "looks": suite.settings.looks,
        "time_spent": asdict(time) | {"share": time.share} if (time := spent(suite)) else None,
        "folder": comparison.folder,
        "decision": decision(comparison),
        "stand_in": comparison.stand_in,
        "concurrencies": comparison.concurrencies,
        "answers": [asdict(a) | {"sentence": sentence(comparison, a)} for a in comparison.answers],
        "entries": [
            {"rank": e.rank, "role": e.role, "label": label(e.result), "tied_above": e.tied_above}
            | {"result": e.result.model_dump(exclude={"windows"}), "peak_memory_bytes": e.peak_memory_bytes}
            | {"overhead": asdict(e.overhead) if e.overhead else None}
            | {"points": [_point(p) for p in e.points], "others": [_point(p) for p in e.others]}
            for e in comparison.entries
        ],
        "claims": [asdict(claim) for claim in comparison.claims],
        "more_time": asdict(comparison.more_time) | {"sentences": more_time.sentences(comparison)},
        "other_choices": [asdict(other) for other in comparison.choices],
        "capacity": [asdict(found) for found in comparison.capacity],
        "open_and_closed": [
            {"endpoint": g.endpoint, "rate": g.open.load.rate, "callers": g.closed.concurrency}
            | {"p50": asdict(g.p50) if g.p50 else None, "p99": asdict(g.p99) if g.p99 else None}
            for g in comparison.gaps
        ],
        "payloads": [
            {"endpoint": e.endpoint, "payload": e.payload, "request_bytes": e.request_bytes, "encode_s": e.encode_s}
            | {"p50_s": asdict(e.point.p50_s), "faster": asdict(e.faster) if e.faster else None}
            for e in comparison.payloads
        ],
        "settings_changed": [_change(change) for change in comparison.sweeps.changes],
        "out_of_the_box": [
            {"endpoint": p.entry.result.base, "rank": p.rank, "tied_above": p.tied_above, "tuned_rank": p.tuned_rank}
            for p in comparison.sweeps.out_of_the_box
        ],
        "calibration": asdict(comparison.calibration) if comparison.calibration else None,
        "round_noise": comparison.round_noise,
        "settings": suite.settings.model_dump(),
        "environment": suite.environment.model_dump(),
    }
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _change(change: Change) -> dict[str, Any]:
    ratios = {"faster": change.faster, "more": change.more}
    return {
        "endpoint": change.variant.name,
        "base": change.variant.result.base,
        "variant": change.variant.result.variant,
        "concurrency": change.point.concurrency,
        "outcome": change.outcome,
    } | {name: asdict(ratio) if ratio else None for name, ratio in ratios.items()}


def _point(point: Point) -> dict[str, Any]:
    return asdict(point) | {
        "load": point.load.text,
        "scenario": scenario(point.load),
        "concurrency": point.concurrency,
        "valid": point.valid,
    }
