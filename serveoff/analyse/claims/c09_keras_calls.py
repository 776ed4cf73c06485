"""C9: `model.predict` compared with the eager call and the signature, in process."""

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.pairs import Pair, batches, contrasts, find
from serveoff.analyse.claims.ruling import NO_SLOWER, Ruling, heard, rule
from serveoff.analyse.evidence import Evidence
from serveoff.loadtests.loads import Load
from serveoff.record.suite import Suite

CLAIM = "Keras is part of TF2, and its high-level API is how TF2 models are deployed"
RULE = (
    "In process and with the same inputs, the median latency of Keras's `model.predict` is compared with that of an "
    "eager call of the same model and of the SavedModel's signature, at one row and at every batch size of the run. "
    "Clearly faster or equal speaks for the claim, clearly slower against it. Both comparisons are needed."
)
MEASURE = "`serveoff run inprocess-keras-eager inprocess-savedmodel`"
PREDICT = "keras_predict"
"""The call's name in serveoff.models.formats.keras_eager."""
EAGER, SIGNATURE = "model.predict against an eager call", "model.predict against the signature"
FIRST_HALF = "That Keras is part of TensorFlow 2 is not a performance claim."


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by two floors."""
    found = contrasts(evidence, _pairs(evidence))
    ruled = rule([heard(e, NO_SLOWER) for e in found], needed=(EAGER, SIGNATURE))
    return replace(ruled, reason=FIRST_HALF, scope="second half")


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    keras, saved = (find(evidence, "inprocess", format) for format in ("keras_eager", "savedmodel"))
    for rows in batches(evidence):
        plain = Load(batch=rows)
        predict = replace(plain, payload=PREDICT)
        yield Pair(EAGER, keras, keras, predict, other_load=plain)
        yield Pair(SIGNATURE, keras, saved, predict, other_load=plain)
