"""C8: Flask beside the native server, each framework's artifact on both."""

from collections.abc import Iterator

from serveoff.analyse.claims.pairs import NATIVE, PYTORCH, TF2, Pair, callers, contrasts, find
from serveoff.analyse.claims.ruling import Ruling, beside
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "PyTorch is deployed by a REST API with Flask, TF2 through its own high-level API"
RULE = (
    "Shown: one artifact of each framework on the server that the claim names and on the other one, over REST: its "
    "latency with the fewest callers and its throughput with the most."
)
MEASURE = "`serveoff run '*torchscript' '*savedmodel'`"


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """One artifact of each framework on both of its servers."""
    return beside(contrasts(evidence, _pairs(evidence)))


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    fewest, most = callers(evidence)
    flask = {format: find(evidence, "flask", format) for format in ("torchscript", "savedmodel")}
    torchserve = find(evidence, "torchserve", "torchscript", "rest")
    native = find(evidence, NATIVE, "savedmodel", "rest")
    for users, measure in ((fewest, LATENCY), (most, THROUGHPUT)):
        yield Pair(PYTORCH, flask["torchscript"], torchserve, closed(users), measure)
        yield Pair(TF2, native, flask["savedmodel"], closed(users), measure)
