"""C3: TensorFlow 1's Session, shown by tests and by the frozen graph's gate."""

from __future__ import annotations

from serveoff.analyse.claims.golden_outputs import shown_by_tests, tests
from serveoff.analyse.claims.pairs import TF1
from serveoff.analyse.claims.ruling import Ruling
from serveoff.analyse.evidence import Evidence
from serveoff.record.suite import Suite

CLAIM = "TF1 is define-then-run: a Session is mandatory, placeholders feed it"
RULE = (
    "shown by tests, with TensorFlow 1's own interface, which TensorFlow 2 still carries as `tf.compat.v1`: a "
    "symbolic tensor has no value until `Session.run`, and neither has a variable. A run adds that the frozen graph, "
    "fed through a placeholder and run by a Session, gives the golden outputs; an error beyond what the gate allows, "
    "1e-5 of the row's largest value or of 1, would speak against the claim."
)
MEASURE = "serveoff run inprocess-frozen-graph"
FILE = "tests/models/test_claims.py"
TESTS = (
    ("test_c3_a_tf1_tensor_has_no_value_until_a_session_runs_it", "a tensor has no value until a Session runs it"),
    ("test_c3_a_tf1_variable_has_no_value_without_a_session_either", "a variable has no value without a Session"),
)


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Tests, and the frozen graph's gate."""
    return shown_by_tests(evidence, tests(FILE, TF1, TESTS), ("frozen_graph",))
