"""One line per point, in base units, for a spreadsheet or a data frame."""

import csv
import io

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.record.problems import Problem
from serveoff.record.resources import Resources
from serveoff.report.phrases.names import scenario
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
    load = point.load if point else None
    encoded = next((e for e in comparison.payloads if e.point is point), None)
    line: dict[str, object] = {
        "run_id": comparison.suite.run_id,
        "endpoint": entry.name,
        **_of(result, "server", "format", "protocol", "payload"),
        "runtime": comparison.suite.settings.runtime,
        "device": result.device,
        "role": entry.role,
        "rank": entry.rank,
        "variant": result.variant,
        "load": load.text if load else None,
        "scenario": scenario(load) if load else None,
        "arrivals": load.arrivals if load else None,
        "rate": load.rate or None if load else None,
        "request_payload": load.payload or result.payload if load else None,
        "batch": load.batch if load else None,
        **_of(point, "concurrency", "valid"),
        "reasons": _reasons(point, result.unavailable),
        **_of(point, "samples", "errors", "answers_checked", "rounds"),
    }
    for name in _ESTIMATES:
        estimate = getattr(point, name) if point else None
        line |= {f"{name}{bound}": getattr(estimate, part, None) for bound, part in cold_starts.BOUNDS.items()}
    parts = _parts(comparison, point)
    return {
        **line,
        **cold_starts.columns(comparison, entry),
        **{f"mean_{name}_s": parts.get(name) for name in _PARTS},
        **_of(result, "memory_bytes"),
        **_of(point, "client_cpu_share", "network_in_per_request", "network_out_per_request"),
        **_of(point, "throttled_share"),
        **_of(start, "create_s", "first_answer_s"),
        "artifact_bytes": result.artifact_bytes,
        **_of(box, "image", "image_digest", "image_bytes"),
        "cpus": " ".join(map(str, box.cpus)) if box else None,
        **_of(box, "cpu_limit", "memory_limit_bytes"),
        **_of(encoded, "request_bytes", "answer_bytes", "encode_s", "encodes"),
        **_resources_seen(result.resources or Resources()),
    }


def _of(thing: object, *names: str) -> dict[str, object]:
    """Columns that are called as the thing calls them; empty where there is no such thing."""
    return {name: getattr(thing, name) if thing is not None else None for name in names}


def _resources_seen(found: Resources) -> dict[str, object]:
    """What was seen inside the server's processes; empty where nothing was."""
    names = ("processes", "os_threads", "workers", "threads_per_worker", "intra_op_threads")
    told = _of(found, *names, "batch_size", "batch_delay_ms")
    cpus = " ".join(map(str, found.cpus)) or None
    return {"inside_cpus": cpus} | {f"inside_{name}": value for name, value in told.items()}


def _parts(comparison: Comparison, point: Point | None) -> dict[str, object]:
    """Where the time of a point goes; known of one caller only."""
    if point is None or not point.load.plain or point.concurrency != 1:
        return {}
    found = next((b for b in comparison.waterfall if b.endpoint == point.endpoint), None)
    return {name: getattr(found, f"{name}_s") for name in _PARTS} if found and not found.beyond_s else {}


_PARTS = ("whole", "overhead", "queue", "parse", "inference", "serialise", "rest")


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula is quoted (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _reasons(point: Point | None, unavailable: Problem | None) -> str:
    """Why it does not count."""
    if point is not None:
        return "; ".join(finding.seen for finding in point.verdict.reasons)
    return unavailable.text if unavailable else ""
