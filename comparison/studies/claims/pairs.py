"""Contrasts of two endpoints of one run, with intervals that hold for all contrasts of a claim together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from comparison.answers import MEASURES, Evidenced, Measure, compare_points
from comparison.outcome import Entry, Exhibit, Point
from comparison.stats import simultaneous
from comparison.verdict import difference
from loadtests.loads import Load

P50: Final[Measure] = MEASURES[0]
THROUGHPUT: Final[Measure] = MEASURES[2]
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
    measure: Measure = P50
    other_load: Load | None = None
    """None: the same."""


def find(
    evidence: Evidenced, server: str | tuple[str, ...], format: str, protocol: str = "", variant: str = ""
) -> Entry | None:
    """The endpoint of that server (or one of several), format and protocol, in this run."""
    servers = (server,) if isinstance(server, str) else server
    wanted = (e for e in evidence.entries if e.result.server in servers and e.result.format == format)
    return next((e for e in wanted if e.result.variant == variant and protocol in ("", e.result.protocol)), None)


def point(entry: Entry | None, load: Load) -> Point | None:
    """A VALID point of an endpoint; None where there is none."""
    points = (*entry.points, *entry.others) if entry else ()
    return next((p for p in points if p.load == load and p.valid), None)


def batches(evidence: Evidenced, concurrency: int = 1) -> list[int]:
    """Rows of the requests that were measured in closed loops of so many callers, 1 first."""
    points = (p for e in evidence.entries for p in (*e.points, *e.others))
    return sorted({p.load.batch for p in points if p.load.closed and p.concurrency == concurrency} | {1})


def callers(evidence: Evidenced) -> tuple[int, int]:
    """The fewest and the most callers that servers of this run had."""
    known = [p.concurrency for e in evidence.entries if e.role != "floor" for p in e.points]
    return (min(known), max(known)) if known else (1, 1)


def contrasts(evidence: Evidenced, pairs: Iterable[Pair]) -> list[Exhibit]:
    """An exhibit for every pair of which both points are VALID and have the figure."""
    usable = [pair for pair in pairs if _usable(evidence, pair)]
    return [_contrast(evidence, pair, len(usable)) for pair in usable]


def _usable(evidence: Evidenced, pair: Pair) -> bool:
    sides = ((pair.mine, pair.load), (pair.other, pair.other_load or pair.load))
    points = [point(entry, load) for entry, load in sides]
    return all(p and pair.measure.statistic in evidence.sampled.get((p.endpoint, p.load), {}) for p in points)


def _contrast(evidence: Evidenced, pair: Pair, comparisons: int) -> Exhibit:
    assert pair.mine is not None
    assert pair.other is not None
    other_load = pair.other_load or pair.load
    alone = compare_points(evidence, pair.measure, (pair.mine.name, pair.load), (pair.other.name, other_load))
    found = simultaneous(alone, comparisons)
    return Exhibit(
        group=pair.group,
        mine=pair.mine.name,
        other=pair.other.name,
        load=pair.load,
        other_load=pair.other_load,
        metric=pair.measure.statistic,
        figure=found,
        outcome=difference(found),
    )
