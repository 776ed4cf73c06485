"""The whole comparison in base units: what the other forms were made from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from comparison.outcome import Change, Comparison, Distribution, Point
from comparison.render import cold_starts
from comparison.render.names import label
from comparison.render.words import decision, sentence
from comparison.studies.distributions import BINS_PER_DECADE

SUFFIX = ".json"
SCHEMA_VERSION = 1


def render(comparison: Comparison) -> str:
    """Strict JSON (no NaN): entries with their points, answers with their sentences, claims, calibration, settings."""
    suite = comparison.suite
    document = {
        "schema_version": SCHEMA_VERSION,
        "run_id": suite.run_id,
        "complete": suite.complete,
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
        "other_choices": [asdict(other) for other in comparison.choices],
        "capacity": [asdict(found) for found in comparison.capacity],
        "open_and_closed": [
            {"endpoint": g.endpoint, "rate": g.open.load.rate, "callers": g.closed.concurrency}
            | {"p50": asdict(g.p50) if g.p50 else None, "p99": asdict(g.p99) if g.p99 else None}
            for g in comparison.gaps
        ],
        "payloads": [
            {"endpoint": e.endpoint, "payload": e.payload, "request_bytes": e.request_bytes, "encode_s": e.encode_s}
            | {"p50_s": asdict(e.point.p50_s), "p99_s": asdict(e.point.p99_s)}
            | {"faster": asdict(e.faster) if e.faster else None}
            for e in comparison.payloads
        ],
        "cold_starts": [cold_starts.record(starts) for starts in comparison.cold_starts],
        "distributions": [_distribution(found) for found in comparison.distributions],
        "timelines": [asdict(timeline) for timeline in comparison.timelines],
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


def _distribution(found: Distribution) -> dict[str, Any]:
    """Edges of the bins are 10 ** (i / bins_per_decade) seconds, i from `first_bin` on."""
    kept = asdict(found) | {"endpoint": found.point.endpoint, "load": found.point.load.text}
    del kept["point"]
    return kept | {"samples": found.point.samples, "bins_per_decade": BINS_PER_DECADE}


def _point(point: Point) -> dict[str, Any]:
    return asdict(point) | {"load": point.load.text, "concurrency": point.concurrency, "valid": point.valid}
