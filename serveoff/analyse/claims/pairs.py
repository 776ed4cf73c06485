"""Contrasts of two endpoints of one run, by the one verdict that each pair has."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from serveoff.analyse.claims.ruling import Exhibit
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, Evidence, Measure
from serveoff.analyse.evidence import Pair as Verdict
from serveoff.analyse.verdict import FindingCode
from serveoff.loadtests.loads import Load

NATIVE: Final = "tfserving"
"""TensorFlow Serving itself, never its stand-in."""
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
FORMS: Final = (
    (TF2, "savedmodel", "keras_eager"),
    (TF1, "frozen_graph", "keras_eager"),
    (PYTORCH, "torchscript", "torch_eager"),
)
"""Framework, its static format, and the dynamic one that it is set against. TF1 has no dynamic form: TF2's is used."""
DYNAMIC: Final = ("keras_eager", "torch_eager")


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

    @property
    def server(self) -> str:
        """What serves the first of them."""
        return self.mine.result.server if self.mine else ""


def find(evidence: Evidence, server: str, format: str, protocol: str = "") -> Entry | None:
    """The endpoint of that server, format and protocol, in this run."""
    wanted = (e for e in evidence.entries if e.result.server == server and e.result.format == format)
    return next((e for e in wanted if not e.result.variant and protocol in ("", e.result.protocol)), None)


def batches(evidence: Evidence, concurrency: int = 1) -> list[int]:
    """Rows of the requests that were measured in closed loops of so many callers, 1 first."""
    points = (p for e in evidence.entries for p in (*e.points, *e.others))
    return sorted({p.load.batch for p in points if p.load.closed and p.concurrency == concurrency} | {1})


def callers(evidence: Evidence) -> tuple[int, int]:
    """The fewest and the most callers that servers of this run had."""
    known = [p.concurrency for e in evidence.entries if e.role != "floor" for p in e.points]
    return (min(known), max(known)) if known else (1, 1)


def contrasts(evidence: Evidence, pairs: Iterable[Pair]) -> list[Exhibit]:
    """An exhibit for every pair that was measured; without a figure where a point of it does not count."""
    known = [(pair, sides) for pair in pairs if (sides := _sides(pair))]
    return [_contrast(pair, *sides, evidence.pair(pair.measure, *sides)) for pair, sides in known]


def _sides(pair: Pair) -> tuple[Point, Point] | None:
    """Both points, VALID or not, where both were tried."""
    mine, other = _measured(pair.mine, pair.load), _measured(pair.other, pair.other_load or pair.load)
    return (mine, other) if mine and other else None


def _measured(entry: Entry | None, load: Load) -> Point | None:
    points = (*entry.points, *entry.others) if entry else ()
    tried = (p for p in points if not any(f.code is FindingCode.NOT_MEASURED for f in p.verdict.reasons))
    return next((p for p in tried if p.load == load), None)


def _contrast(pair: Pair, mine: Point, other: Point, verdict: Verdict | None) -> Exhibit:
    plain = Exhibit(
        group=pair.group,
        mine=mine.endpoint,
        other=other.endpoint,
        load=mine.load,
        other_load=pair.other_load,
        metric=pair.measure.statistic,
    )
    if verdict is None:
        why = next((f.code for p in (mine, other) for f in p.verdict.reasons), "no figure")
        return replace(plain, shows=f"a point is INVALID, {why}", outcome="no interval")
    return replace(plain, figure=verdict.ratio, outcome=verdict.outcome)
