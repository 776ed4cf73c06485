"""Static graphs against dynamic ones, in the same framework, server and protocol (the article's claim C1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import Outcome


@dataclass(frozen=True)
class Contrast:
    """A static graph against its dynamic form: same framework, server, protocol and concurrency."""

    framework: str
    static: str
    dynamic: str
    server: str
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


def static_against_dynamic(evidence: Evidence) -> tuple[Contrast, ...]:
    """Every pair of VALID points, by the one verdict that the pair has."""
    return tuple(c for pair in PAIRS for server in SERVED_BY for c in _contrasts(evidence, server, pair))


def deciding(contrasts: Sequence[Contrast], fewest: int) -> list[Contrast]:
    """Flask's p50 with the run's fewest callers, of TensorFlow 2 and PyTorch: the rest is shown beside them."""
    return [
        c
        for c in contrasts
        if (c.server, c.concurrency, c.metric) == ("flask", fewest, "p50") and c.framework != "TensorFlow 1"
    ]


def _contrasts(evidence: Evidence, server: str, pair: tuple[str, str, str]) -> Iterator[Contrast]:
    framework, static, dynamic = pair
    mine, other = _find(evidence, server, static), _find(evidence, server, dynamic)
    if mine is None or other is None:
        return
    for point in mine.points:
        at = point.concurrency
        for measure in (LATENCY,) if server == "inprocess" else (LATENCY, THROUGHPUT):
            found = evidence.pair(measure, point, other.at(at))
            if found is not None:
                yield Contrast(
                    framework, mine.name, other.name, server, at, measure.statistic, found.ratio, found.outcome
                )


def _find(evidence: Evidence, server: str, format: str) -> Entry | None:
    return next((e for e in evidence.entries if (e.result.server, e.result.format) == (server, format)), None)
