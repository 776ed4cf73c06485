"""C2: what freezing and optimising a graph gains over eager calls, in process and behind Flask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.pairs import PYTORCH, TF1, TF2, Pair, batches, callers, contrasts, find
from serveoff.analyse.claims.ruling import FASTER, Exhibit, Ruling, heard, rule
from serveoff.analyse.evidence import Evidence
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "Dynamic graphs are harder to optimise and not suited to deployment"
RULE = (
    "what freezing and graph optimisation gain over calling the same network eagerly, by median latency, at one row "
    "and at every batch size of the run: savedmodel over keras_eager, torchscript over torch_eager. In process it is "
    "what the optimiser gains; behind Flask, with the fewest callers, what a deployment has of it. A clear gain "
    "speaks for the claim, a tie or a loss against it. Both frameworks are needed. TensorFlow 1's frozen graph, which "
    "has no eager form of its own, is shown and does not decide; so is that eager forms were served at all."
)
MEASURE = "serveoff run 'inprocess-*' 'flask-*' --batches 32"
FORMS = ((TF2, "savedmodel", "keras_eager"), (PYTORCH, "torchscript", "torch_eager"))
SHOWN = (*FORMS, (TF1, "frozen_graph", "keras_eager"))


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by the floors and by Flask."""
    found = contrasts(evidence, (*_pairs(evidence, "inprocess", 1), *_pairs(evidence, "flask", callers(evidence)[0])))
    exhibits = [e if e.group == TF1 else heard(e, FASTER) for e in found]
    return rule((*exhibits, *_deployed(evidence)), needed=(TF2, PYTORCH))


def _pairs(evidence: Evidence, server: str, users: int) -> Iterator[Pair]:
    for group, graph, eager in SHOWN:
        mine, other = find(evidence, server, graph), find(evidence, server, eager)
        for rows in batches(evidence, users):
            yield Pair(group, mine, other, replace(closed(users), batch=rows))


def _deployed(evidence: Evidence) -> Iterator[Exhibit]:
    """That a dynamic form can be deployed at all is seen in its VALID points."""
    for group, _, eager in FORMS:
        entry = find(evidence, "flask", eager)
        valid = sum(point.valid for point in entry.points) if entry else 0
        if entry and valid:
            words = f"{eager} was served by Flask: answers right, {valid} of {len(entry.points)} points VALID"
            yield Exhibit(group, words)
