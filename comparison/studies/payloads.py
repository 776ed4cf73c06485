"""What an encoding costs: the same input in every encoding that an endpoint takes, with one caller."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from comparison.answers import Evidenced
from comparison.outcome import Encoded, Entry, Point
from comparison.results import Window
from comparison.stats import Estimate, ratio


def study(evidence: Evidenced) -> tuple[Encoded, ...]:
    """Every encoding of every contender that was measured in more than one, its own first; in the entries' order."""
    return tuple(encoded for entry in evidence.contenders for encoded in _encodings(evidence, entry))


def _encodings(evidence: Evidenced, entry: Entry) -> Iterator[Encoded]:
    others = [p for p in entry.others if p.load.closed and p.load.payload and p.load.batch == 1]
    own = entry.at(min((p.load.concurrency for p in others), default=0))
    if own is None or not others:
        return
    for point in (own, *others):
        windows = [w for w in entry.result.windows if w.load == point.load]
        faster = None if point is own else _faster(evidence, point, own)
        yield Encoded(entry.name, point.load.payload, point, _mean(windows), _encode_s(windows), faster)


def _faster(evidence: Evidenced, point: Point, own: Point) -> Estimate | None:
    """How many times faster by p50 than the endpoint's own encoding."""
    if not (point.valid and own.valid):
        return None
    mine, its = (evidence.sampled.get((p.endpoint, p.load), {}).get("p50") for p in (point, own))
    return ratio(its, mine, evidence.noise["p50"]) if mine and its else None


def _mean(windows: list[Window]) -> int | None:
    known = [w.request_bytes for w in windows if w.request_bytes is not None]
    return round(sum(known) / len(known)) if known else None


def _encode_s(windows: list[Window]) -> float | None:
    known = [w.encode_s for w in windows if w.encode_s is not None]
    return median(known) if known else None
