"""C9: `model.predict` against the eager call and the signature, in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.pairs import Pair, batches, contrasts, find
from serveoff.analyse.claims.ruling import NO_SLOWER, Ruling, heard, rule
from serveoff.analyse.evidence import Evidence
from serveoff.loadtests.loads import Load
from serveoff.record.suite import Suite

CLAIM = "Keras is part of TF2, and its high-level API is how TF2 models are deployed"
RULE = (
    "in process and with the same inputs, Keras's `model.predict` is set against calling the same model eagerly, and "
    "against the SavedModel's signature, by median latency, at one row and at every batch size of the run. "
    "`model.predict` clearly faster or in a tie speaks for the claim, clearly slower against it. Both contrasts are "
    "needed. The signature against the eager call is shown and does not decide."
)
MEASURE = "serveoff run inprocess-keras-eager inprocess-savedmodel"
PREDICT = "keras_predict"
"""The call's name in serveoff.models.formats.keras_eager."""
EAGER, SIGNATURE, BESIDE = "predict or eager call", "predict or signature", "signature or eager call"


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by two floors."""
    found = contrasts(evidence, _pairs(evidence))
    exhibits = [e if e.group == BESIDE else heard(e, NO_SLOWER) for e in found]
    return rule(exhibits, needed=(EAGER, SIGNATURE))


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    keras, saved = (find(evidence, "inprocess", format) for format in ("keras_eager", "savedmodel"))
    for rows in batches(evidence):
        plain = Load(batch=rows)
        predict = replace(plain, payload=PREDICT)
        yield Pair(EAGER, keras, keras, predict, other_load=plain)
        yield Pair(SIGNATURE, keras, saved, predict, other_load=plain)
        yield Pair(BESIDE, saved, keras, plain)
