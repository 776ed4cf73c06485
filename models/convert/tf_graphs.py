"""What the steps to TensorFlow 1's frozen graph share: a call as a graph of constants, by the spec's names."""

from collections.abc import Sequence
from typing import Any

from serveoff.models.convert import Unconvertible
from serveoff.models.formats.frozen_graph import edge
from serveoff.models.formats.savedmodel import Call, carrying, taken
from serveoff.models.frameworks.tensorflow_setup import every_node
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import named

from tensorflow.python.framework.convert_to_constants import (  # isort: skip  # after its log level is set
    convert_variables_to_constants_v2,
)

tf1 = tf.compat.v1
_SCOPE = "converted_graph"


def freeze(call: Call, spec: ModelSpec) -> Any:
    """The GraphDef of a call, its variables as constants, its placeholders and outputs by the spec's names.

    Loops stay functions, which Sessions and tf2onnx both take.
    """

    @tf.function(input_signature=[taken(tensor) for tensor in spec.inputs])  # type: ignore[untyped-decorator]
    def serve(*rows: Any) -> list[Any]:
        answer = carrying(call, spec)(named(spec.inputs, rows))
        return [answer[tensor.name] for tensor in spec.outputs]

    function = convert_variables_to_constants_v2(serve.get_concrete_function(), lower_control_flow=False)
    _require_constants(function)
    inputs, outputs = ([tensor.name for tensor in tensors] for tensors in (function.inputs, function.outputs))
    return renamed(function.graph.as_graph_def(), inputs, outputs, spec)


def _require_constants(function: Any) -> None:
    """Unconvertible where the graph keeps what is no variable: a lookup table, or another resource that it captured."""
    graph_def = function.graph.as_graph_def()
    table = next((node.op for node in every_node(graph_def) if node.op.startswith("LookupTable")), "")
    if table or any(tensor.dtype == tf.resource for tensor in function.inputs):
        kept = "a lookup table" if table else "a resource that is no variable"
        raise Unconvertible(f"a frozen graph holds constants only, and this model keeps {kept}", table)


def renamed(graph_def: Any, inputs: Sequence[str], outputs: Sequence[str], spec: ModelSpec) -> Any:
    """The same graph with the spec's names and dtypes for these tensors, and without what the outputs do not need."""
    kinds = {edge(node.name): node.attr["dtype"].type for node in graph_def.node if "dtype" in node.attr}
    with tf.Graph().as_default() as graph:
        fed = [tf1.placeholder(tensor.dtype, [None, *tensor.row_shape], tensor.name) for tensor in spec.inputs]
        fed = [tf.cast(rows, kinds.get(name, rows.dtype)) for name, rows in zip(inputs, fed, strict=True)]
        given = tf.import_graph_def(graph_def, dict(zip(inputs, fed, strict=True)), outputs, name=_SCOPE)
        for found, tensor in zip(given, spec.outputs, strict=True):
            tf.identity(tf.cast(found, tensor.dtype), name=tensor.name)
    kept = [tensor.name for tensor in (*spec.inputs, *spec.outputs)]
    return tf1.graph_util.extract_sub_graph(graph.as_graph_def(), kept)
