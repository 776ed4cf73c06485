"""C8: Flask against the native server, each framework's artifact behind both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from serveoff.analyse.claims.pairs import MODEL_SERVERS, PYTORCH, TF2, Pair, callers, contrasts, find
from serveoff.analyse.claims.ruling import NO_SLOWER, Ruling, heard, rule
from serveoff.analyse.winners import LATENCY, THROUGHPUT, Evidenced
from serveoff.loadtests.loads import closed
from serveoff.record.suite import Suite

CLAIM = "PyTorch is deployed by a REST API with Flask, TF2 through its own high-level API"
RULE = (
    "for each framework, the server that the claim names is set against the other one, with the same artifact over "
    "REST: for PyTorch, Flask against the native server, for TensorFlow 2, the native server against Flask; by median "
    "latency with the fewest callers and by throughput with the most. The named server clearly better or in a tie "
    "speaks for the claim, clearly worse against it. Both frameworks are needed. The embedded stand-in's speed says "
    "nothing of the server it stands in for: its contrasts are shown and do not decide. So is gRPC, which Flask does "
    "not speak."
)
MEASURE = "serveoff run '*torchscript' '*savedmodel', with tensorflow_model_server on PATH"
STAND_IN = MODEL_SERVERS[1]


def study(evidence: Evidenced, suite: Suite) -> Ruling:
    """Judge the claim by one artifact of each framework behind both of its servers."""
    by_name = {entry.name: entry.result for entry in evidence.entries}
    exhibits = []
    for exhibit in contrasts(evidence, _pairs(evidence)):
        sides = [by_name[exhibit.mine], by_name[exhibit.other]]
        decides = all(s.protocol == "rest" and s.server != STAND_IN for s in sides)
        exhibits.append(heard(exhibit, NO_SLOWER) if decides else exhibit)
    found = rule(exhibits, needed=(PYTORCH, TF2))
    if any(result.server == STAND_IN for result in by_name.values()) and exhibits:
        return replace(found, reason=f"{found.reason} TensorFlow 2's native server was the embedded stand-in.")
    return found


def _pairs(evidence: Evidenced) -> Iterator[Pair]:
    fewest, most = callers(evidence)
    flask = {format: find(evidence, "flask", format) for format in ("torchscript", "savedmodel")}
    for protocol in ("rest", "grpc"):
        torchserve = find(evidence, "torchserve", "torchscript", protocol)
        native = find(evidence, MODEL_SERVERS, "savedmodel", protocol)
        for users, measure in ((fewest, LATENCY), (most, THROUGHPUT)):
            yield Pair(PYTORCH, flask["torchscript"], torchserve, closed(users), measure)
            yield Pair(TF2, native, flask["savedmodel"], closed(users), measure)
