"""An ONNX graph in TensorFlow: each operator by TensorFlow's own, so that any number of rows, order and layout stay.

onnx2tf 1.29.24, the last for Python 3.11, was tried: ResNet-18 agrees to 1.4e-6, but an nn.TransformerEncoder
with a free number of rows ends in "Cannot take the length of shape with unknown rank",
and it pins numpy 1.26 and protobuf 4.

An operator is one function in `elementwise`, `shapes`, `reductions` or `images`, in `OPERATORS` by its ONNX name.
https://onnx.ai/onnx/operators/
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert import Unconvertible
from serveoff.models.convert.onnx_modern import opset_of
from serveoff.models.convert.onnx_tf import elementwise, images, reductions, shapes
from serveoff.models.convert.onnx_tf.node import Node, Operator
from serveoff.models.convert.onnx_tf.values import Values
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

OPERATORS: Mapping[str, Operator] = {
    **elementwise.OPERATORS,
    **shapes.OPERATORS,
    **reductions.OPERATORS,
    **images.OPERATORS,
}
VARIABLE_BYTES = 1024
"""From this size on, an initializer of floats is a variable: the signatures of a SavedModel share it."""


class Graph:
    """An ONNX model to call with TensorFlow's tensors; Unconvertible for an operator that is not known here."""

    def __init__(self, model: Any, folder: Path = Path()) -> None:
        self.model = model
        self.opset = opset_of(model)
        used = {name for node in model.graph.node for name in node.input} | {out.name for out in model.graph.output}
        self.nodes = [Node(node, self.opset, used) for node in model.graph.node]
        for node in self.nodes:
            if node.op not in OPERATORS:
                raise Unconvertible(f"there is no rule for the ONNX operator {node.op} in TensorFlow", node.op)
        arrays = {tensor.name: onnx.numpy_helper.to_array(tensor, str(folder)) for tensor in model.graph.initializer}
        self.constants = {name: _kept(array, name) for name, array in arrays.items()}

    @property
    def variables(self) -> list[Any]:
        """The initializers that are variables."""
        return [value for value in self.constants.values() if isinstance(value, tf.Variable)]

    def __call__(self, batch: Mapping[str, Any]) -> list[Any]:
        """The outputs, in the model's order."""
        values = Values({**self.constants, **batch})
        for node in self.nodes:
            OPERATORS[node.op](node, values)
            if any(name not in values for name in node.outputs if name):
                raise node.refuse("more than its first output")
        return [values[output.name] for output in self.model.graph.output]


def _kept(array: np.ndarray[Any, Any], name: str) -> Any:
    if array.dtype.kind == "f" and array.nbytes >= VARIABLE_BYTES:
        return tf.Variable(array, trainable=False, name="".join(c if c.isalnum() else "_" for c in f"w_{name}"))
    return array
