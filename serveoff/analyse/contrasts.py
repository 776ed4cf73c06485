"""Static graphs against dynamic ones, in the same framework, server and protocol (the article's claim C1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.bootstrap import Estimate, simultaneous
from serveoff.analyse.verdict import Outcome, difference
from serveoff.analyse.winners import MEASURES, Evidenced, Measure, compare_points
from serveoff.loadtests.loads import closed


@dataclass(frozen=True)
class Contrast:
    """A static graph against its dynamic form: same framework, server, protocol and concurrency."""

    framework: str
    static: str
    dynamic: str
    place: str
    """`flask`, or `inprocess`."""
    concurrency: int
    metric: str
    """`p50` or `throughput`."""
    ratio: Estimate
    """How many times faster the static graph is: above 1 it wins, below 1 the dynamic form does."""
    outcome: Outcome


PAIRS: Final = (
    ("TensorFlow 2", "savedmodel", "keras_eager"),
    ("TensorFlow 1", "frozen_graph", "keras_eager"),
    ("PyTorch", "torchscript", "torch_eager"),
)
"""Framework, its static format, and the dynamic format it is set against. TF1 has no dynamic form: TF2's is used."""
SERVED_BY: Final = ("flask", "inprocess")


def static_against_dynamic(evidence: Evidenced) -> tuple[Contrast, ...]:
    """Every pair of valid points, with intervals that hold for all of them together."""
    alone = [c for pair in PAIRS for place in SERVED_BY for c in _contrasts(evidence, place, pair)]
    return tuple(_among(c, len(alone) * evidence.looks) for c in alone)


def deciding(contrasts: Sequence[Contrast], fewest: int) -> list[Contrast]:
    """Flask's p50 with the run's fewest callers, of TensorFlow 2 and PyTorch: the rest is shown beside them."""
    return [
        c
        for c in contrasts
        if (c.place, c.concurrency, c.metric) == ("flask", fewest, "p50") and c.framework != "TensorFlow 1"
    ]


def _among(contrast: Contrast, comparisons: float) -> Contrast:
    """With the interval that holds for all contrasts together."""
    found = simultaneous(contrast.ratio, comparisons)
    return replace(contrast, ratio=found, outcome=difference(found))


def _contrasts(evidence: Evidenced, place: str, pair: tuple[str, str, str]) -> Iterator[Contrast]:
    framework, static, dynamic = pair
    mine, other = _find(evidence, place, static), _find(evidence, place, dynamic)
    if mine is None or other is None:
        return
    latency, throughput = MEASURES[0], MEASURES[2]
    for point in mine.points:
        for measure in (latency,) if place == "inprocess" else (latency, throughput):
            if _usable(evidence, mine, point.concurrency, measure) and _usable(
                evidence, other, point.concurrency, measure
            ):
                at = point.concurrency
                found = compare_points(evidence, measure, (mine.name, closed(at)), (other.name, closed(at)))
                metric = measure.statistic
                yield Contrast(framework, mine.name, other.name, place, at, metric, found, difference(found))


def _find(evidence: Evidenced, place: str, format: str) -> Entry | None:
    return next((e for e in evidence.entries if (e.result.server, e.result.format) == (place, format)), None)


def _usable(evidence: Evidenced, entry: Entry, concurrency: int, measure: Measure) -> bool:
    point = entry.at(concurrency)
    known = evidence.sampled.get((entry.name, closed(concurrency)), {})
    return point is not None and point.valid and measure.statistic in known
