"""One line per point, in base units, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.record.problems import Problem
from serveoff.record.resources import Resources
from serveoff.report.phrases.scenarios import scenario
from serveoff.report.sections import cold_starts

SUFFIX = ".csv"
_ESTIMATES = ("p50_s", "p90_s", "p99_s", "p999_s", "throughput", "cpu_per_request_s")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(comparison: Comparison) -> str:
    """Every point of every endpoint; an endpoint that could not run is one line with its reason."""
    out = io.StringIO()
    writer = csv.DictWriter(
        out, fieldnames=list(_line(comparison, comparison.entries[0], None)) if comparison.entries else []
    )
    writer.writeheader()
    for entry in comparison.entries:
        for point in (*entry.points, *entry.others) or (None,):
            line = _line(comparison, entry, point)
            writer.writerow({name: _safe(value) for name, value in line.items()})
    return out.getvalue()


def _line(comparison: Comparison, entry: Entry, point: Point | None) -> dict[str, object]:
    result, start, box = entry.result, entry.result.cold_start, entry.result.container
    encoded = next((e for e in comparison.payloads if e.point is point), None)
    line: dict[str, object] = {
        "run_id": comparison.suite.run_id,
        "endpoint": entry.name,
        "server": result.server,
        "format": result.format,
        "protocol": result.protocol,
        "payload": result.payload,
        "runtime": comparison.suite.settings.runtime,
        "device": result.device,
        "role": entry.role,
        "rank": entry.rank,
        "variant": result.variant,
        "load": point.load.text if point else None,
        "scenario": scenario(point.load) if point else None,
        "arrivals": point.load.arrivals if point else None,
        "rate": point.load.rate or None if point else None,
        "request_payload": point.load.payload or result.payload if point else None,
        "batch": point.load.batch if point else None,
        "concurrency": point.concurrency if point else None,
        "valid": point.valid if point else None,
        "reasons": _reasons(point, result.unavailable),
        "samples": point.samples if point else None,
        "errors": point.errors if point else None,
        "answers_checked": point.answers_checked if point else None,
        "rounds": point.rounds if point else None,
    }
    for name in _ESTIMATES:
        estimate = getattr(point, name) if point else None
        line |= {f"{name}{bound}": getattr(estimate, part, None) for bound, part in _BOUNDS}
    line |= cold_starts.columns(comparison, entry)
    parts = _parts(comparison, point)
    line |= {f"mean_{name}_s": parts.get(name) for name in _PARTS}
    line |= {
        "peak_memory_bytes": point.peak_memory_bytes if point else None,
        "client_cpu_share": point.client_cpu_share if point else None,
        "network_in_per_request": point.network_in_per_request if point else None,
        "network_out_per_request": point.network_out_per_request if point else None,
        "throttled_share": point.throttled_share if point else None,
        "create_s": start.create_s if start else None,
        "first_answer_s": start.first_answer_s if start else None,
        "artifact_bytes": result.artifact_bytes,
        "image": box.image if box else None,
        "image_digest": box.image_digest if box else None,
        "image_bytes": box.image_bytes if box else None,
        "cpus": " ".join(map(str, box.cpus)) if box else None,
        "cpu_limit": box.cpu_limit if box else None,
        "memory_limit_bytes": box.memory_limit_bytes if box else None,
        "request_bytes": encoded.request_bytes if encoded else None,
        "answer_bytes": encoded.answer_bytes if encoded else None,
        "encode_s": encoded.encode_s if encoded else None,
        "encodes": encoded.encodes if encoded else None,
    }
    return line | _resources_seen(result.resources or Resources())


def _resources_seen(found: Resources) -> dict[str, object]:
    """What was seen inside the server's processes; empty where nothing was."""
    names = ("processes", "os_threads", "resident_bytes", "workers", "threads_per_worker", "intra_op_threads")
    told = {name: getattr(found, name) for name in (*names, "batch_size", "batch_delay_ms")}
    return {"inside_cpus": " ".join(map(str, found.cpus)) or None} | {f"inside_{name}": told[name] for name in told}


def _parts(comparison: Comparison, point: Point | None) -> dict[str, object]:
    """Where the time of a point goes; known of one caller only."""
    if point is None or not point.load.plain or point.concurrency != 1:
        return {}
    found = next((b for b in comparison.waterfall if b.endpoint == point.endpoint), None)
    return {name: getattr(found, f"{name}_s") for name in _PARTS} if found and not found.beyond_s else {}


_PARTS = ("whole", "overhead", "queue", "parse", "inference", "serialise", "rest")
_BOUNDS = (("", "value"), ("_low", "low"), ("_high", "high"))


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula is quoted (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _reasons(point: Point | None, unavailable: Problem | None) -> str:
    """Why it does not count."""
    if point is not None:
        return "; ".join(finding.seen for finding in point.verdict.reasons)
    return unavailable.text if unavailable else ""
