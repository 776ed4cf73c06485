"""Contrasts of two endpoints of one run, with intervals that hold for all contrasts of a claim together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from serveoff.analyse.claims.ruling import Exhibit
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.bootstrap import Estimate, simultaneous
from serveoff.analyse.verdict import difference
from serveoff.analyse.winners import LATENCY, Evidenced, Measure, compare_valid
from serveoff.loadtests.loads import Load

MODEL_SERVERS: Final = ("tfserving", "tfserving-embedded")
"""TensorFlow Serving, and what stands in for it."""
TF1: Final = "TensorFlow 1"
TF2: Final = "TensorFlow 2"
PYTORCH: Final = "PyTorch"
FRAMEWORK: Final = {
    "frozen_graph": TF1,
    "savedmodel": TF2,
    "keras_eager": TF2,
    "torchscript": PYTORCH,
    "torch_eager": PYTORCH,
}


@dataclass(frozen=True)
class Pair:
    """What is set against what, under which loads, by which measure."""

    group: str
    mine: Entry | None
    other: Entry | None
    load: Load
    measure: Measure = LATENCY
    other_load: Load | None = None
    """None: the same."""


def find(
    evidence: Evidenced, server: str | tuple[str, ...], format: str, protocol: str = "", variant: str = ""
) -> Entry | None:
    """The endpoint of that server (or one of several), format and protocol, in this run."""
    servers = (server,) if isinstance(server, str) else server
    wanted = (e for e in evidence.entries if e.result.server in servers and e.result.format == format)
    return next((e for e in wanted if e.result.variant == variant and protocol in ("", e.result.protocol)), None)


def batches(evidence: Evidenced, concurrency: int = 1) -> list[int]:
    """Rows of the requests that were measured in closed loops of so many callers, 1 first."""
    points = (p for e in evidence.entries for p in (*e.points, *e.others))
    return sorted({p.load.batch for p in points if p.load.closed and p.concurrency == concurrency} | {1})


def callers(evidence: Evidenced) -> tuple[int, int]:
    """The fewest and the most callers that servers of this run had."""
    known = [p.concurrency for e in evidence.entries if e.role != "floor" for p in e.points]
    return (min(known), max(known)) if known else (1, 1)


def contrasts(evidence: Evidenced, pairs: Iterable[Pair]) -> list[Exhibit]:
    """An exhibit for every pair that was measured; without a figure where a point of it does not count."""
    known = [(pair, *sides) for pair in pairs if (sides := _sides(pair))]
    found = [compare_valid(evidence, pair.measure, mine, other) for pair, mine, other in known]
    comparisons = sum(ratio is not None for ratio in found) * evidence.looks
    return [_contrast(*sides, ratio, comparisons) for sides, ratio in zip(known, found, strict=True)]


def _sides(pair: Pair) -> tuple[Point, Point] | None:
    """Both points, VALID or not, where both have requests."""
    mine, other = _measured(pair.mine, pair.load), _measured(pair.other, pair.other_load or pair.load)
    return (mine, other) if mine and other else None


def _measured(entry: Entry | None, load: Load) -> Point | None:
    points = (*entry.points, *entry.others) if entry else ()
    return next((p for p in points if p.load == load and p.samples), None)


def _contrast(pair: Pair, mine: Point, other: Point, ratio: Estimate | None, comparisons: float) -> Exhibit:
    plain = Exhibit(
        group=pair.group,
        mine=mine.endpoint,
        other=other.endpoint,
        load=mine.load,
        other_load=pair.other_load,
        metric=pair.measure.statistic,
    )
    if ratio is None:
        why = next((f.code for p in (mine, other) for f in p.verdict.reasons), "no figure")
        return replace(plain, words=f"a point is INVALID, {why}", outcome="no interval")
    found = simultaneous(ratio, comparisons)
    return replace(plain, figure=found, outcome=difference(found))
