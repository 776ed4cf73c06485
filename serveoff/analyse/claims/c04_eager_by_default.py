"""C4: eager by default and a graph with one line, shown by tests and by the gates of both forms."""

from __future__ import annotations

from dataclasses import replace

from serveoff.analyse.claims.c01_static_graphs import exhibit
from serveoff.analyse.claims.golden_outputs import shown_by_tests, tests
from serveoff.analyse.claims.pairs import TF2, callers
from serveoff.analyse.claims.ruling import Ruling
from serveoff.analyse.contrasts import deciding, static_against_dynamic
from serveoff.analyse.evidence import Evidence
from serveoff.record.suite import Suite

CLAIM = "TF2 runs eagerly by default and switches to a graph with one line"
RULE = (
    "shown by tests: the network's Python code runs at every call, and `tf.function(model)`, one line, makes it run "
    "as a graph. A run adds that the eager and the graph form give the same outputs: an error of keras_eager or "
    "savedmodel beyond what the gate allows, 1e-5 of the row's largest value or of 1, speaks against the claim. What "
    "the line gains is shown, from the first claim, and does not decide."
)
MEASURE = "serveoff run '*keras-eager' '*savedmodel'"
FILE = "tests/models/test_claims.py"
TESTS = (
    ("test_c4_tf2_is_eager_by_default_and_one_line_makes_it_a_graph", "eager by default; one line makes it a graph"),
    ("test_c4_keras_eager_is_served_eagerly", "keras_eager is served eagerly"),
)


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Tests, the gates of both forms, and what the graph gains."""
    found = shown_by_tests(evidence, tests(FILE, TF2, TESTS), ("keras_eager", "savedmodel"))
    contrasts = deciding(static_against_dynamic(evidence), callers(evidence)[0])
    gains = [exhibit(contrast) for contrast in contrasts if contrast.framework == TF2]
    return replace(found, exhibits=(*found.exhibits, *gains))
