"""C1: static graphs against their dynamic forms, behind Flask."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from serveoff.analyse.claims.pairs import FORMS, PYTORCH, TF1, TF2, Pair, callers, contrasts, find
from serveoff.analyse.claims.ruling import FASTER, Ruling, heard, rule
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "Static graphs are faster, in deployment above all"
RULE = (
    "On Flask, with the fewest callers, the median latency of the static graph is compared with that of its dynamic "
    "form, for TensorFlow 2 and for PyTorch. Clearly faster speaks for the claim. Equal or clearly slower speaks "
    "against it. Both frameworks are needed."
)
MEASURE = "`serveoff run 'flask-*'`"
SHOWN: Final = {"flask": (LATENCY, THROUGHPUT), "inprocess": (LATENCY,)}
"""Where both forms are compared, by which measures; the rule takes a part of it."""


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by Flask with the fewest callers, and show every other number of them and the floors, too."""
    pairs = list(_pairs(evidence))
    fewest = closed(callers(evidence)[0])
    counting = [p for p in pairs if (p.server, p.load, p.measure) == ("flask", fewest, LATENCY) and p.group != TF1]
    exhibits = [heard(e, FASTER) for e in contrasts(evidence, counting)]
    shown = tuple(e for e in contrasts(evidence, pairs) if e.figure)
    return replace(rule(exhibits, needed=(TF2, PYTORCH)), evidence=shown)


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    for framework, static, dynamic in FORMS:
        for server, measures in SHOWN.items():
            mine, other = find(evidence, server, static), find(evidence, server, dynamic)
            for point in mine.points if mine else ():
                yield from (Pair(framework, mine, other, point.load, measure) for measure in measures)
