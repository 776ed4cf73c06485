"""C8: Flask against the native server, each framework's artifact behind both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.pairs import NATIVE, NO_NATIVE, PYTORCH, TF2, Pair, callers, contrasts, find, lacks_native
from serveoff.analyse.claims.ruling import NO_SLOWER, Ruling, heard, rule
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "PyTorch is deployed by a REST API with Flask, TF2 through its own high-level API"
RULE = (
    "for each framework, the server that the claim names is set against the other one, with the same artifact over "
    "REST: for PyTorch, Flask against the native server, for TensorFlow 2, the native server against Flask; by median "
    "latency with the fewest callers and by throughput with the most. The named server clearly better or in a tie "
    "speaks for the claim, clearly worse against it. Both frameworks are needed. The embedded stand-in's speed says "
    "nothing of the server it stands in for, and does not count. gRPC, which Flask does not speak, is shown and does "
    "not decide."
)
MEASURE = "serveoff run '*torchscript' '*savedmodel', with tensorflow_model_server on PATH"


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by one artifact of each framework behind both of its servers."""
    by_name = {entry.name: entry.result for entry in evidence.entries}
    exhibits = []
    for exhibit in contrasts(evidence, _pairs(evidence)):
        decides = all(by_name[name].protocol == "rest" for name in (exhibit.mine, exhibit.other))
        exhibits.append(heard(exhibit, NO_SLOWER) if decides else exhibit)
    if lacks_native(evidence):
        return Ruling("not measured", NO_NATIVE, tuple(replace(e, speaks="") for e in exhibits), lacking=True)
    return rule(exhibits, needed=(PYTORCH, TF2))


def _pairs(evidence: Evidence) -> Iterator[Pair]:
    fewest, most = callers(evidence)
    flask = {format: find(evidence, "flask", format) for format in ("torchscript", "savedmodel")}
    for protocol in ("rest", "grpc"):
        torchserve = find(evidence, "torchserve", "torchscript", protocol)
        native = find(evidence, NATIVE, "savedmodel", protocol)
        for users, measure in ((fewest, LATENCY), (most, THROUGHPUT)):
            yield Pair(PYTORCH, flask["torchscript"], torchserve, closed(users), measure)
            yield Pair(TF2, native, flask["savedmodel"], closed(users), measure)
