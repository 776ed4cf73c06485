"""C7: the frozen graph beside the SavedModel on the same servers."""

from collections.abc import Iterator

from serveoff.analyse.claims.pairs import NATIVE, TF1, TF2, Pair, callers, contrasts, find
from serveoff.analyse.claims.ruling import Exhibit, Ruling, beside
from serveoff.analyse.evidence import THROUGHPUT, Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "TF1 and TF2 differ in how they are deployed"
RULE = (
    "Shown: the frozen graph and the SavedModel on the same server and protocol, their latency with the fewest "
    "callers, their throughput with the most, and their sizes."
)
MEASURE = "`serveoff run '*-frozen-graph' '*-savedmodel'`"
SERVED_BY = (
    ("TensorFlow Serving, REST", NATIVE, "rest"),
    ("TensorFlow Serving, gRPC", NATIVE, "grpc"),
    ("Flask, REST", "flask", "rest"),
)


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Both formats on the same servers."""
    found = contrasts(evidence, _pairs(evidence))
    return beside((*found, *_sizes(evidence)))


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    fewest, most = callers(evidence)
    for group, server, protocol in SERVED_BY:
        mine, other = (find(evidence, server, f, protocol) for f in ("frozen_graph", "savedmodel"))
        yield Pair(group, mine, other, closed(fewest))
        yield Pair(group, mine, other, closed(most), THROUGHPUT)


def _sizes(evidence: Evidence) -> Iterator[Exhibit]:
    sizes = {e.result.format: e.result.artifact_bytes for e in reversed(evidence.entries) if e.result.artifact_bytes}
    for group, format in ((TF1, "frozen_graph"), (TF2, "savedmodel")):
        if format in sizes:
            size = Estimate(float(sizes[format]), None, None, 1)
            yield Exhibit(group, f"the {format} artifact", metric="size", figure=size, unit="bytes")
