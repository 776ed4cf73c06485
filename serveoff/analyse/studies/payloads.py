"""What an encoding costs: the same input in every encoding that an endpoint takes, with one caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, Evidence
from serveoff.analyse.server_signals import Told, told
from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import POINT, EndpointName
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult


@dataclass(frozen=True)
class Encoded:
    """One endpoint in one encoding with the fewest callers; `payload` is empty for its own."""

    endpoint: EndpointName
    payload: str
    point: Annotated[Point, POINT]
    request_bytes: int | None
    encode_s: float | None
    """Median seconds that the client takes to encode one request."""
    faster: Estimate | None
    """How many times faster than the endpoint's own encoding, by p50."""
    encoding: str = ""
    """What it carries: `json`, `base64`, `raw`, `tensor`, `bytes` or `grpc_json`, the same word for every server."""
    encodes: int | None = None
    """How many requests were encoded for `encode_s`; a pool of them is made once for all that take its bytes."""
    answer_bytes: int | None = None
    """Mean size of an answer's body."""
    decode_s: float | None = None
    """Mean seconds a request in which the server decoded image files, by its own signals; None where it says none."""
    decodes: int = 0
    """How many requests `decode_s` is of."""
    decode_starts_s: tuple[float, ...] = ()
    """Where `decode_s` is a difference of two means: that of each start, the least first."""


IMAGES = ("jpeg", "png", "jpeg_file", "png_file", "grpc_jpeg", "grpc_png")
"""Encodings that the server must decode a picture from."""
SHOWN = ("contender", "stand-in")
UNRECORDED = {"raw_tensor": "raw"}
"""What the encodings of older runs carry, which recorded their names only."""

Group = tuple[Encoded, ...]
"""One endpoint in all encodings that it was measured in, its own first."""


def measured(evidence: Evidence, rows: RunRows) -> tuple[Group, ...]:
    """Every contender and stand-in that has a point, in the entries' order."""
    shown = [entry for entry in evidence.entries if entry.role in SHOWN]
    groups = (tuple(_encodings(evidence, entry, rows)) for entry in shown)
    return tuple(group for group in groups if group)


def study(groups: Sequence[Group]) -> tuple[Encoded, ...]:
    """Those that were measured in more than one encoding."""
    return tuple(encoded for group in groups if len(group) > 1 for encoded in group)


def _encodings(evidence: Evidence, entry: Entry, rows: RunRows) -> Iterator[Encoded]:
    others = [p for p in entry.others if p.load.closed and p.load.payload and p.load.batch == 1]
    own = entry.at(min(p.load.concurrency for p in others)) if others else entry.alone
    if own is None:
        return
    own_windows = entry.result.windows_of(own.load)
    for point in (own, *others):
        kind = _kind(entry, point.load.payload)
        windows = entry.result.windows_of(point.load)
        pair = None if point is own else evidence.pair(LATENCY, point, own)
        decode_s, decodes, by_start_s = _decoding(entry.result, kind, windows, own_windows)
        yield Encoded(
            entry.name,
            point.load.payload,
            point,
            _mean(windows) or (entry.result.request_bytes if point is own else None),
            _encode_s(windows),
            None if pair is None else pair.ratio,
            encoding=kind,
            encodes=sum(count for _, count in {(w.encode_s, w.encodes or 0) for w in windows}) or None,
            answer_bytes=_answer_bytes(windows, rows),
            decode_s=decode_s,
            decodes=decodes,
            decode_starts_s=by_start_s,
        )


def _decoding(
    result: EndpointResult, kind: str, windows: Sequence[Window], own: Sequence[Window]
) -> tuple[float | None, int, tuple[float, ...]]:
    """What decoding image files took, and of how many requests; as the server says, or how much longer its graph ran.

    The latter is a difference of two means, and so is given for each start as well.
    """
    said = told(result, windows)
    if said is None:
        return None, 0, ()
    if said.apart or kind not in IMAGES:
        return said.decode_s, 0 if said.decode_s is None else said.requests, ()
    longer_s = _longer_s(said, told(result, own))
    if longer_s is None or longer_s <= 0:
        return None, 0, ()
    by_start_s = []
    for number in {window.start for window in windows}:
        mine, its = (told(result, [w for w in some if w.start == number]) for some in (windows, own))
        by_start_s.append(_longer_s(mine, its))
    return longer_s, said.requests, tuple(sorted(s for s in by_start_s if s is not None))


def _longer_s(said: Told | None, other: Told | None) -> float | None:
    """By how much longer the model's graph ran on average for some requests than for others."""
    mine, its = (found.parts_s.get("inference") if found else None for found in (said, other))
    return mine - its if mine and its else None


def _kind(entry: Entry, payload: str) -> str:
    """What it carries, as the run recorded it."""
    if not payload:
        return entry.result.payload
    return entry.result.encodings.get(payload) or UNRECORDED.get(payload, payload)


def _mean(windows: list[Window]) -> int | None:
    known = [w.request_bytes for w in windows if w.request_bytes is not None]
    return round(sum(known) / len(known)) if known else None


def _encode_s(windows: list[Window]) -> float | None:
    known = [w.encode_s for w in windows if w.encode_s is not None]
    return median(known) if known else None


def _answer_bytes(windows: list[Window], rows: RunRows) -> int | None:
    """The mean over the good answers of some windows, from the raw rows."""
    total = count = 0
    for window in windows:
        found = rows.read(window)
        total, count = total + found.answer_bytes, count + found.sample.latency_s.size
    return round(total / count) if count else None
