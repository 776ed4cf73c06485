"""An ONNX graph that was exported for one number of rows, made to take any: whether it then answers alike is tried.

Exporters write the number of rows of their example into shapes. Where such a constant begins with it, the axis is made
free, or is given the rows of the batch that came.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert.onnx_models import BATCH
from serveoff.models.importing.constants import is_state
from serveoff.models.importing.onnx_axes import Place, places
from serveoff.models.tensors import Array

ROWS = "serveoff_rows"
"""The number of rows, as the graph computes it from its first input: a tensor of one number."""
SHAPES = {"Expand": (1,), "ConstantOfShape": (0,), "Resize": (3,)}
"""Operators to which of their inputs is a shape that begins with the rows."""
STATES = {"LSTM": (5, 6), "GRU": (5,), "RNN": (5,)}
"""Operators to which of their inputs are states, whose second axis is the rows."""
GIVEN = {**SHAPES, **STATES}
FREE = -1


def fixed_rows(model: Any) -> int:
    """The number of rows that all inputs with a fixed first axis have; 0 where it is free, or not the same in all.

    Beside a free first axis another's that is fixed at more than one is no batch, but the layers of a state, and so is
    one before a free second axis.
    """
    shapes = [[axis.dim_value for axis in _axes(value)] for value in model.graph.input if _axes(value)]
    found = {shape[0] for shape in shapes}
    if 0 in found:
        found = {shape[0] for shape in shapes if not is_state(shape)}
    sizes = found - {0}
    return sizes.pop() if len(sizes) == 1 and (0 not in found or sizes == {1}) else 0


def freed(model: Any, rows: int) -> Any:
    """A copy of a graph for `rows` rows that takes any number, as far as its constants tell."""
    free = onnx.ModelProto()
    free.CopyFrom(model)
    graph = free.graph
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        if _axes(value) and _axes(value)[0].dim_value == rows:
            _axes(value)[0].dim_param = BATCH
    constants, sizes = _constants(graph), _sizes(model)
    where = places(graph, constants, sizes, rows)
    nodes = [onnx.helper.make_node("Shape", [graph.input[0].name], [f"{ROWS}/shape"])]
    first = _added(graph, nodes[0], np.array([0]))
    nodes.append(onnx.helper.make_node("Gather", [f"{ROWS}/shape", first], [ROWS]))
    for node in list(graph.node):
        if node.op_type == "Reshape" and node.input[1] in constants:
            axis = where.get(node.output[0], Place(0)).axis
            shape = _reshaped(constants[node.input[1]], sizes.get(node.output[0], ()), axis, rows)
            node.input[1] = _added(graph, node, shape)
        for index in _indices(node):
            nodes += _given(graph, node, index, constants, _axis(node, where), rows)
        nodes.append(node)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
    return free


def _axes(value: Any) -> Any:
    return value.type.tensor_type.shape.dim


def _sizes(model: Any) -> dict[str, tuple[int, ...]]:
    """The shapes that are known of a graph's values."""
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    values = (*graph.value_info, *graph.output, *graph.input)
    found = {value.name: tuple(axis.dim_value for axis in _axes(value)) for value in values}
    return {name: sizes for name, sizes in found.items() if sizes and all(sizes)}


def _constants(graph: Any) -> dict[str, Array]:
    """The constants that are small enough to lie in the graph itself."""
    found = {weight.name: weight for weight in graph.initializer if not weight.external_data}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = node.attribute[0].t
    return {name: onnx.numpy_helper.to_array(tensor) for name, tensor in found.items()}


def _indices(node: Any) -> Iterable[int]:
    """The inputs of a node that may have the number of rows in them."""
    if node.op_type == "Concat":
        return range(len(node.input))
    return [index for index in GIVEN.get(node.op_type, ()) if index < len(node.input)]


def _axis(node: Any, where: Mapping[str, Place]) -> int:
    """The axis of the rows in such an input: a state's second, or that of what is joined with it."""
    if node.op_type in STATES:
        return 1
    return next((where[name].axis for name in node.input if name in where), 0) if node.op_type == "Concat" else 0


def _given(graph: Any, node: Any, index: int, constants: dict[str, Array], axis: int, rows: int) -> list[Any]:
    """The nodes that compute such an input for the rows of the batch; none where no number of rows is in it."""
    array, is_shape = constants.get(node.input[index]), node.op_type in SHAPES
    if array is None or array.ndim == 0 or (not is_shape and (array.ndim <= axis or rows != 1)):
        return []
    sizes = array if is_shape else np.array(array.shape)
    joined = [onnx.helper.get_attribute_value(found) % array.ndim for found in node.attribute if found.name == "axis"]
    if not len(sizes) or sizes[axis] != rows or (node.op_type == "Concat" and joined == [axis]):
        return []
    parts = [_added(graph, node, sizes[:axis]), ROWS, _added(graph, node, sizes[axis + 1 :])]
    name = f"{node.output[0]}/given_{index}"
    made = [onnx.helper.make_node("Concat", parts, [f"{name}/shape"], axis=0)]
    if not is_shape:
        made.append(onnx.helper.make_node("Expand", [node.input[index], f"{name}/shape"], [name]))
    node.input[index] = made[-1].output[0]
    return made


def _reshaped(shape: Array, known: tuple[int, ...], axis: int, rows: int) -> Array:
    """A shape whose axis of the rows is free: the others' sizes are known, or else it is that of what is reshaped."""
    if axis >= len(shape) or shape[axis] <= 0:
        return shape
    if known:
        return np.array([*known[:axis], FREE, *known[axis + 1 :]], np.int64)
    return np.array([0, *shape[1:]], np.int64) if shape[0] == rows else shape


def _added(graph: Any, node: Any, array: Array) -> str:
    name = f"{node.output[0]}/{len(graph.initializer)}"
    graph.initializer.append(onnx.numpy_helper.from_array(array.astype(np.int64), name))
    return name
