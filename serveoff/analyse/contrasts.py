"""Static graphs against dynamic ones, in the same framework, server and protocol (the article's claim C1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.bootstrap import Estimate, simultaneous
from serveoff.analyse.verdict import Outcome, difference
from serveoff.analyse.winners import LATENCY, THROUGHPUT, Evidenced, compare_valid


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
    ratios = [simultaneous(c.ratio, len(alone) * evidence.looks) for c in alone]
    return tuple(replace(c, ratio=r, outcome=difference(r)) for c, r in zip(alone, ratios, strict=True))


def deciding(contrasts: Sequence[Contrast], fewest: int) -> list[Contrast]:
    """Flask's p50 with the run's fewest callers, of TensorFlow 2 and PyTorch: the rest is shown beside them."""
    return [
        c
        for c in contrasts
        if (c.place, c.concurrency, c.metric) == ("flask", fewest, "p50") and c.framework != "TensorFlow 1"
    ]


def _contrasts(evidence: Evidenced, place: str, pair: tuple[str, str, str]) -> Iterator[Contrast]:
    framework, static, dynamic = pair
    mine, other = _find(evidence, place, static), _find(evidence, place, dynamic)
    if mine is None or other is None:
        return
    for point in mine.points:
        at = point.concurrency
        for measure in (LATENCY,) if place == "inprocess" else (LATENCY, THROUGHPUT):
            found = compare_valid(evidence, measure, point, other.at(at))
            if found is not None:
                metric = measure.statistic
                yield Contrast(framework, mine.name, other.name, place, at, metric, found, difference(found))


def _find(evidence: Evidenced, place: str, format: str) -> Entry | None:
    return next((e for e in evidence.entries if (e.result.server, e.result.format) == (place, format)), None)
