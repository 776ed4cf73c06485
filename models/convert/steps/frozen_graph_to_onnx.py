"""TensorFlow 1's frozen graph to ONNX, by tf2onnx.

It is Keras' way to PyTorch, too. Keras' own backend of PyTorch agrees as well, but keeps images with channels last: one
row of MobileNetV2 takes it 26 ms traced and 70 ms eager, and by ONNX and onnx2torch 14 and 16 ms (one thread).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert.onnx_models import OPSET, require_known_operators, write
from serveoff.models.convert.tf_graphs import tf1
from serveoff.models.formats.frozen_graph import FILE, edge
from serveoff.models.spec import ModelSpec

import tf2onnx  # isort: skip  # imports TensorFlow, whose log level is set above


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the ONNX model of the graph.

    An operator that tf2onnx has no rule for stays in the graph as it is, and tf2onnx only logs it.
    """
    inputs, outputs = ([edge(tensor.name) for tensor in tensors] for tensors in (spec.inputs, spec.outputs))
    model, _ = tf2onnx.convert.from_graph_def(
        tf1.GraphDef.FromString((source / FILE).read_bytes()),
        name=spec.name,
        input_names=inputs,
        output_names=outputs,
        opset=OPSET,
        custom_op_handlers={"Erfc": (_complement_of_erf, [])},
        tensors_to_rename={name: name.partition(":")[0] for name in (*inputs, *outputs)},
    )
    require_known_operators(model, "tf2onnx")
    write(model, spec, target)


def _complement_of_erf(graph: Any, node: Any, name: str, arguments: list[str]) -> None:
    """Erfc, by which Keras computes GELU and for which ONNX has no operator, as 1 - Erf."""
    dtype = graph.get_dtype(node.input[0])
    one = graph.make_const(f"{name}/one", np.array(1, onnx.helper.tensor_dtype_to_np_dtype(dtype)))
    erf = graph.make_node("Erf", [node.input[0]], name=f"{name}/erf", dtypes=[dtype])
    shape, outputs = graph.get_shape(node.output[0]), node.output
    graph.remove_node(name)
    graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=outputs, dtypes=[dtype], shapes=[shape], name=name)
