"""C7: the frozen graph against the SavedModel behind the same servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.golden_outputs import tests
from serveoff.analyse.claims.pairs import NATIVE, NO_NATIVE, TF1, TF2, Pair, callers, contrasts, find, lacks_native
from serveoff.analyse.claims.ruling import DIFFERENT, Exhibit, Ruling, heard, rule
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "TF1 and TF2 differ in how they are deployed"
RULE = (
    "the frozen graph is set against the SavedModel under the same server and protocol, by median latency with the "
    "fewest callers: the native server over REST and over gRPC, and Flask. A clear difference, either way, speaks for "
    "the claim, a tie against it. Flask and the native server are needed; its embedded stand-in does not count. "
    "Throughput with the most callers, the artifacts' sizes and what each needs to be served are shown and do not "
    "decide."
)
MEASURE = "serveoff run 'tfserving-*' flask-frozen-graph flask-savedmodel"
NATIVE_REST, NATIVE_GRPC, FLASK = "native server, REST", "native server, gRPC", "Flask, REST"
SERVED_BY = ((NATIVE_REST, NATIVE, "rest"), (NATIVE_GRPC, NATIVE, "grpc"), (FLASK, "flask", "rest"))
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


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by both formats behind the same servers."""
    found = contrasts(evidence, _pairs(evidence))
    exhibits = [heard(e, DIFFERENT) if e.metric == LATENCY.statistic else e for e in found]
    wrapped = (*tests(FORMATS_FILE, TF1, WRAPPED), *tests(LAUNCHER_FILE, TF1, SERVED))
    shown = (*exhibits, *_sizes(evidence), *wrapped)
    if lacks_native(evidence):
        return Ruling("not measured", NO_NATIVE, tuple(replace(e, speaks="") for e in shown), lacking=True)
    return rule(shown, needed=(NATIVE_REST, FLASK))


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    fewest, most = callers(evidence)
    for group, server, protocol in SERVED_BY:
        mine, other = (find(evidence, server, f, protocol) for f in ("frozen_graph", "savedmodel"))
        yield Pair(group, mine, other, closed(fewest))
        yield Pair(group, mine, other, closed(most), THROUGHPUT)


def _sizes(evidence: Evidence) -> Iterator[Exhibit]:
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
