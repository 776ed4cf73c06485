"""What the steps from and to ONNX share: the spec's names and order, a free batch axis, operators that ONNX knows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnx

from serveoff.models.convert import Unconvertible
from serveoff.models.spec import ModelSpec, TensorSpec

FILE = "model.onnx"
OPSET = 17
"""The newest that onnx2torch takes throughout: from 18 on, reductions take their axes as an input."""
BATCH = "batch"


def read(folder: Path) -> Any:
    """The ModelProto of the node `onnx` or `onnx_torch`, without weights that lie beside it (onnx_external)."""
    return onnx.load(folder / FILE, load_external_data=False)


def write(model: Any, spec: ModelSpec, folder: Path) -> None:
    """Write a model with its inputs and outputs in the spec's order, for any number of rows."""
    rows = 1 if spec.one_row else BATCH
    _order(model.graph.input, spec.inputs, rows)
    _order(model.graph.output, spec.outputs, rows)
    onnx.save(model, folder / FILE)


def _order(values: Any, tensors: Sequence[TensorSpec], rows: int | str) -> None:
    found = {value.name for value in values}
    missing = [tensor.name for tensor in tensors if tensor.name not in found]
    if missing:
        raise Unconvertible(f"the ONNX model has {', '.join(sorted(found))}, but no {', '.join(missing)}")
    del values[:]
    values.extend(described(tensor, rows) for tensor in tensors)


def described(tensor: TensorSpec, rows: int | str = BATCH) -> Any:
    """ONNX' description of a tensor of the spec."""
    dtype = onnx.helper.np_dtype_to_tensor_dtype(onnx.numpy_helper.np.dtype(tensor.dtype))
    return onnx.helper.make_tensor_value_info(tensor.name, dtype, [rows, *tensor.row_shape])


def nodes_of(graph: Any) -> Iterator[Any]:
    """All nodes of a graph and of the graphs in its branches and loops."""
    for node in graph.node:
        yield from with_inner(node)


def with_inner(node: Any) -> Iterator[Any]:
    """A node, and all nodes of the graphs in its branches and loops."""
    yield node
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            yield from nodes_of(inner)


def require_known_operators(model: Any, library: str) -> None:
    """Unconvertible for the first operator that is none of ONNX' own: a converter left it as it was."""
    own = {function.name for function in model.functions}
    for node in nodes_of(model.graph):
        known = node.domain in ("", "ai.onnx", "ai.onnx.ml") and onnx.defs.has(node.op_type, node.domain)
        if not known and node.op_type not in own:
            raise Unconvertible(f"{library} has no rule for the operator {node.op_type}", node.op_type)
