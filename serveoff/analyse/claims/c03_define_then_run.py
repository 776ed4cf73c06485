"""C3: TensorFlow 1's Session, checked by the floor of the frozen graph."""

from serveoff.analyse.claims.by_construction import Check, shown_by

CLAIM = "TF1 is define-then-run: a Session is mandatory, placeholders feed it"
RULE = (
    "With TensorFlow 1's own interface, `tf.compat.v1`: a symbolic tensor has no value until `Session.run`, and "
    "neither has a variable."
)
MEASURE = "`serveoff run inprocess-frozen-graph`"
study = shown_by(
    Check("frozen_graph", "tf1_tensor_has_no_value_until_a_session_runs_it", "a tensor needs Session.run for a value"),
    Check("frozen_graph", "tf1_variable_has_no_value_without_a_session", "a variable has no value without a Session"),
)
