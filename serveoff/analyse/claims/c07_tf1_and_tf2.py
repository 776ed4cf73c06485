"""C7: the frozen graph against the SavedModel behind the same servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.golden_outputs import tests
from serveoff.analyse.claims.pairs import MODEL_SERVERS, TF1, TF2, Pair, callers, contrasts, find
from serveoff.analyse.claims.ruling import DIFFERENT, Exhibit, Ruling, heard, rule
from serveoff.analyse.statistics.bootstrap import Estimate
from serveoff.analyse.winners import LATENCY, THROUGHPUT, Evidenced
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "TF1 and TF2 differ in how they are deployed"
RULE = (
    "the frozen graph is set against the SavedModel under the same server and protocol, by median latency with the "
    "fewest callers: the native server over REST and over gRPC, and Flask. A clear difference, either way, speaks for "
    "the claim, a tie against it. Flask and the native server are needed; the embedded stand-in counts and is named. "
    "Throughput with the most callers, the artifacts' sizes and what each needs to be served are shown and do not "
    "decide."
)
MEASURE = "serveoff run 'tfserving-*' flask-frozen-graph flask-savedmodel"
NATIVE_REST, NATIVE_GRPC, FLASK = "native server, REST", "native server, gRPC", "Flask, REST"
SERVED_BY = ((NATIVE_REST, MODEL_SERVERS, "rest"), (NATIVE_GRPC, MODEL_SERVERS, "grpc"), (FLASK, ("flask",), "rest"))
FORMATS_FILE, LAUNCHER_FILE = "tests/models/test_formats.py", "tests/services/tfserving/test_launcher.py"
WRAPPED = (
    (
        "test_the_wrapping_of_a_frozen_graph_is_served_by_the_manifests_names_and_answers_alike",
        "a frozen graph is wrapped in a TF1 SavedModel with one signature, and answers alike",
    ),
)
SERVED = (
    (
        "test_frozen_graph_is_served_by_its_wrapping",
        "bare, it cannot be loaded by TensorFlow Serving: the native server is given the wrapping",
    ),
)


def study(evidence: Evidenced, suite: Suite) -> Ruling:
    """Judge the claim by both formats behind the same servers."""
    found = contrasts(evidence, _pairs(evidence))
    exhibits = [heard(e, DIFFERENT) if e.metric == LATENCY.statistic else e for e in found]
    wrapped = (*tests(FORMATS_FILE, TF1, WRAPPED), *tests(LAUNCHER_FILE, TF1, SERVED))
    ruling = rule((*exhibits, *_sizes(evidence), *wrapped), needed=(NATIVE_REST, FLASK))
    stand_in = any(e.result.server == MODEL_SERVERS[1] for e in evidence.entries)
    said = " The native server was the embedded stand-in." if stand_in and exhibits else ""
    return replace(ruling, reason=ruling.reason + said)


def _pairs(evidence: Evidenced) -> Iterator[Pair]:
    fewest, most = callers(evidence)
    for group, servers, protocol in SERVED_BY:
        mine, other = (find(evidence, servers, f, protocol) for f in ("frozen_graph", "savedmodel"))
        yield Pair(group, mine, other, closed(fewest))
        yield Pair(group, mine, other, closed(most), THROUGHPUT)


def _sizes(evidence: Evidenced) -> Iterator[Exhibit]:
    for group, format in ((TF1, "frozen_graph"), (TF2, "savedmodel")):
        sizes = [e.result.artifact_bytes for e in evidence.entries if e.result.format == format]
        size = next(filter(None, sizes), None)
        if size:
            yield Exhibit(
                group,
                f"the {format} artifact",
                metric="size",
                figure=Estimate(float(size), None, None, 1),
                unit="bytes",
            )
