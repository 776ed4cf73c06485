"""What an encoding costs: the same input in every encoding that an endpoint takes, with one caller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from comparison.answers import Evidenced
from comparison.outcome import Encoded, Entry, Point
from comparison.points import ANSWERED, ReadRows
from comparison.results import EndpointResult, Window
from comparison.signals import told
from comparison.stats import Estimate, ratio

JSON = ("json", "grpc_json")
"""What an endpoint's other encodings are set against, by either protocol."""
IMAGES = ("jpeg", "png", "jpeg_file", "png_file", "grpc_jpeg", "grpc_png")
"""Encodings that the server must decode a picture from."""
UNRECORDED = {"raw_tensor": "raw"}
"""What the encodings of older runs carry, which recorded their names only."""

Group = tuple[Encoded, ...]
"""One endpoint in all encodings that it was measured in, its own first."""


def measured(evidence: Evidenced, folder: Path, read: ReadRows) -> tuple[Group, ...]:
    """Every contender that has a point, in the entries' order."""
    groups = (tuple(_encodings(evidence, entry, folder, read)) for entry in evidence.contenders)
    return tuple(group for group in groups if group)


def study(groups: Sequence[Group]) -> tuple[Encoded, ...]:
    """Those that were measured in more than one encoding."""
    return tuple(encoded for group in groups if len(group) > 1 for encoded in group)


def _encodings(evidence: Evidenced, entry: Entry, folder: Path, read: ReadRows) -> Iterator[Encoded]:
    others = [p for p in entry.others if p.load.closed and p.load.payload and p.load.batch == 1]
    own = entry.at(min(p.load.concurrency for p in others)) if others else entry.alone
    if own is None:
        return
    kinds = [(point, _kind(entry, point.load.payload)) for point in (own, *others)]
    plain = next((point for point, kind in kinds if kind in JSON), None)
    for point, kind in kinds:
        windows = _windows(entry, point)
        said = told(entry.result, windows)
        decode_s, by_round_s = _decode_s(entry.result, kind, windows, _windows(entry, own))
        yield Encoded(
            entry.name,
            point.load.payload,
            point,
            _mean(windows) or (entry.result.request_bytes if point is own else None),
            _encode_s(windows),
            None if point is own else _faster(evidence, point, own),
            encoding=kind,
            encodes=sum(w.encodes or 0 for w in windows) or None,
            answer_bytes=_answer_bytes(folder, windows, read),
            than_json=None if plain is None or point is plain else _faster(evidence, point, plain),
            decode_s=decode_s,
            decodes=0 if said is None or decode_s is None else said.requests,
            decode_rounds_s=by_round_s,
        )


def _windows(entry: Entry, point: Point) -> list[Window]:
    return [window for window in entry.result.windows if window.load == point.load and not window.search]


def _decode_s(
    result: EndpointResult, kind: str, windows: Sequence[Window], own: Sequence[Window]
) -> tuple[float | None, tuple[float, ...]]:
    """What decoding image files took: as the server says; or where its graph does it, how much longer that ran.

    That is a difference of two means, and so is given for each round as well.
    """
    said = told(result, windows)
    if said is None or said.apart or kind not in IMAGES:
        return None if said is None else said.decode_s, ()
    longer_s = _longer_s(result, windows, own)
    if longer_s is None or longer_s <= 0:
        return None, ()
    rounds = sorted({window.round for window in windows})
    by_round_s = (
        _longer_s(result, *([w for w in of if w.round == number] for of in (windows, own))) for number in rounds
    )
    return longer_s, tuple(sorted(s for s in by_round_s if s is not None))


def _longer_s(result: EndpointResult, windows: Sequence[Window], own: Sequence[Window]) -> float | None:
    """By how much longer the model's graph ran on average for the requests of some windows than for those of others."""
    both = [said.parts_s.get("inference") for said in (told(result, windows), told(result, own)) if said]
    return both[0] - both[1] if len(both) == 2 and both[0] and both[1] else None


def _kind(entry: Entry, payload: str) -> str:
    """What it carries, as the run recorded it."""
    if not payload:
        return entry.result.payload
    return entry.result.encodings.get(payload) or UNRECORDED.get(payload, payload)


def _faster(evidence: Evidenced, point: Point, other: Point) -> Estimate | None:
    """How many times faster by p50 than the same endpoint in another encoding."""
    if not (point.valid and other.valid):
        return None
    mine, its = (evidence.sampled.get((p.endpoint, p.load), {}).get("p50") for p in (point, other))
    return ratio(its, mine, evidence.noise["p50"]) if mine and its else None


def _mean(windows: list[Window]) -> int | None:
    known = [w.request_bytes for w in windows if w.request_bytes is not None]
    return round(sum(known) / len(known)) if known else None


def _encode_s(windows: list[Window]) -> float | None:
    known = [w.encode_s for w in windows if w.encode_s is not None]
    return median(known) if known else None


def _answer_bytes(folder: Path, windows: list[Window], read: ReadRows) -> int | None:
    """The mean over the good answers of some windows, from the raw rows."""
    total = count = 0
    for window in windows:
        rows = read(folder / window.rows)
        if isinstance(rows, str):
            continue
        inside = (rows["round"] == window.round) & (rows["window"] == window.number) & (rows["status"] == ANSWERED)
        total, count = total + int(rows["bytes_in"][inside].sum()), count + int(inside.sum())
    return round(total / count) if count else None
