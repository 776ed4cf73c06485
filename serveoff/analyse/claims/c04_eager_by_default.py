"""C4: eager by default and a graph with one line, checked by the floors of both forms."""

from serveoff.analyse.claims.by_construction import Check, shown_by

CLAIM = "TF2 runs eagerly by default and switches to a graph with one line"
RULE = (
    "The Python code of a model runs at every call. After `tf.function(model)`, one line, it runs only while the graph "
    "is traced, and the output stays the same. What the line gains is claim C1."
)
MEASURE = "`serveoff run inprocess-keras-eager inprocess-savedmodel`"
study = shown_by(
    Check("keras_eager", "tf2_is_eager_by_default", "a model's Python code runs at every call"),
    Check("savedmodel", "tf2_makes_a_graph_with_one_line", "after tf.function(model) the Python code runs once"),
)
