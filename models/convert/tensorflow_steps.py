"""The conversions that TensorFlow carries out: see serveoff.models.convert."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert import onnx_models, onnx_modern
from serveoff.models.convert.onnx_shapes import with_constant_shapes
from serveoff.models.convert.onnx_tf import OPERATORS, Graph
from serveoff.models.convert.tf_graphs import freeze, tf1
from serveoff.models.formats import frozen_graph, savedmodel
from serveoff.models.formats.frozen_graph import edge
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.loading import keras_network
from serveoff.models.spec import SIGNATURE, ModelSpec
from serveoff.models.tensors import by_name


def keras_to_savedmodel(source: Path, target: Path, spec: ModelSpec) -> None:
    """The model traced to a graph for any number of rows, with its variables."""
    savedmodel.save(keras_network.build(source, spec), target)


def keras_to_frozen_graph(source: Path, target: Path, spec: ModelSpec) -> None:
    """The model traced to a graph, its variables turned to constants."""
    frozen_graph.write(freeze(keras_network.build(source, spec), spec), spec, target)


def savedmodel_to_frozen_graph(source: Path, target: Path, spec: ModelSpec) -> None:
    """The signature `serving_default`, its variables turned to constants."""
    loaded = tf.saved_model.load(str(source / savedmodel.VERSION))
    signature = loaded.signatures[SIGNATURE]
    frozen_graph.write(freeze(lambda batch: signature(**batch), spec), spec, target)


def frozen_graph_to_savedmodel(source: Path, target: Path, spec: ModelSpec) -> None:
    """A SavedModel of TensorFlow 2 around the graph, with the same constants."""
    graph_def = _graph_def(source)
    wrapped = tf1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
    inputs, outputs = (
        [wrapped.graph.get_tensor_by_name(edge(tensor.name)) for tensor in tensors]
        for tensors in (spec.inputs, spec.outputs)
    )
    pruned = wrapped.prune(inputs, outputs)
    savedmodel.write(lambda batch: by_name(pruned(*batch.values()), spec.outputs), [], spec, target)


def onnx_to_savedmodel(source: Path, target: Path, spec: ModelSpec) -> None:
    """Each operator by TensorFlow's own; Unconvertible names one that is not known."""
    model = onnx_modern.spelled(onnx_modern.at_least(onnx_modern.inlined(onnx_models.read(source))), OPERATORS)
    graph = Graph(with_constant_shapes(model, spec, source), source)
    savedmodel.write(lambda batch: by_name(graph(batch), spec.outputs), graph.variables, spec, target)


def frozen_graph_to_onnx(source: Path, target: Path, spec: ModelSpec) -> None:
    """By tf2onnx, which leaves an operator that it has no rule for as it is, and only logs it.

    It is Keras' way to PyTorch, too. Keras' own backend of PyTorch agrees as well, but keeps images with channels last:
    one row of MobileNetV2 takes it 26 ms traced and 70 ms eager, and by ONNX and onnx2torch 14 and 16 ms (one thread).
    """
    import tf2onnx

    inputs, outputs = ([edge(tensor.name) for tensor in tensors] for tensors in (spec.inputs, spec.outputs))
    model, _ = tf2onnx.convert.from_graph_def(
        _graph_def(source),
        name=spec.name,
        input_names=inputs,
        output_names=outputs,
        opset=onnx_models.OPSET,
        custom_op_handlers={"Erfc": (_complement_of_erf, [])},
        tensors_to_rename={name: name.partition(":")[0] for name in (*inputs, *outputs)},
    )
    onnx_models.require_known_operators(model, "tf2onnx")
    onnx_models.write(model, spec, target)


def _graph_def(source: Path) -> Any:
    return tf1.GraphDef.FromString((source / frozen_graph.FILE).read_bytes())


def _complement_of_erf(graph: Any, node: Any, name: str, arguments: list[str]) -> None:
    """Erfc, by which Keras computes GELU and for which ONNX has no operator, as 1 - Erf."""
    dtype = graph.get_dtype(node.input[0])
    one = graph.make_const(f"{name}/one", np.array(1, onnx.helper.tensor_dtype_to_np_dtype(dtype)))
    erf = graph.make_node("Erf", [node.input[0]], name=f"{name}/erf", dtypes=[dtype])
    shape, outputs = graph.get_shape(node.output[0]), node.output
    graph.remove_node(name)
    graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=outputs, dtypes=[dtype], shapes=[shape], name=name)
