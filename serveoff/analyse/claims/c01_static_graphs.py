"""C1: static graphs against their dynamic forms, behind Flask."""

from __future__ import annotations

from dataclasses import replace

from serveoff.analyse.claims.pairs import PYTORCH, TF1, TF2, Pair, callers, contrasts, find
from serveoff.analyse.claims.ruling import FASTER, Exhibit, Ruling, heard, rule
from serveoff.analyse.contrasts import PAIRS, Contrast, deciding, static_against_dynamic
from serveoff.analyse.evidence import Evidence
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "Static graphs are faster, in deployment above all"
RULE = (
    "On Flask, with the fewest callers, the median latency of the static graph is compared with that of its dynamic "
    "form, for TensorFlow 2 and for PyTorch. Clearly faster speaks for the claim. Equal or clearly slower speaks "
    "against it. Both frameworks are needed."
)
MEASURE = "`serveoff run 'flask-*'`"


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by the contrasts that the section on static graphs shows."""
    shown, fewest = static_against_dynamic(evidence), callers(evidence)[0]
    counting = [exhibit(contrast) for contrast in deciding(shown, fewest)]
    others = [_pair(evidence, *pair, fewest) for pair in PAIRS if pair[0] not in {TF1, *(e.group for e in counting)}]
    exhibits = [heard(e, FASTER) for e in (*counting, *contrasts(evidence, others))]
    return replace(rule(exhibits, needed=(TF2, PYTORCH)), contrasts=shown)


def _pair(evidence: Evidence, framework: str, static: str, dynamic: str, fewest: int) -> Pair:
    return Pair(framework, find(evidence, "flask", static), find(evidence, "flask", dynamic), closed(fewest))


def exhibit(contrast: Contrast) -> Exhibit:
    """A contrast of a static graph as evidence like any other."""
    return Exhibit(
        group=contrast.framework,
        mine=contrast.static,
        other=contrast.dynamic,
        load=closed(contrast.concurrency),
        metric=contrast.metric,
        figure=contrast.ratio,
        outcome=contrast.outcome,
    )
