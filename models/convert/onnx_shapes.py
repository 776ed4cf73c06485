"""Shapes that an ONNX graph computes while it runs, put in as constants where only the number of rows varies.

Exporters write `Reshape` with a shape that is computed from the input's. Who traces such a graph bakes its example's
rows in. Run with two numbers of rows, the graph tells which axis follows them: that one becomes -1, the others numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime

from models.spec import ModelSpec
from models.tensors import Array, Batch

_ROWS = (3, 5)
FREE = -1


def with_constant_shapes(model: Any, spec: ModelSpec) -> Any:
    """The same model, its `Reshape`s with constant shapes wherever one axis at most depends on the number of rows."""
    computed = {node.output[0]: node for node in model.graph.node if _is_computed(node, model.graph)}
    if not computed:
        return model
    for name, (few, more) in _shapes(model, list(computed), spec).items():
        varying = [axis for axis, pair in enumerate(zip(few, more, strict=True)) if pair[0] != pair[1]]
        if len(varying) <= 1:
            shape = [FREE if axis in varying else size for axis, size in enumerate(few)]
            _set_shape(model.graph, computed[name], shape)
    _remove_unused(model.graph)
    return model


def _is_computed(node: Any, graph: Any) -> bool:
    return node.op_type == "Reshape" and node.input[1] not in {constant.name for constant in graph.initializer}


def _shapes(model: Any, names: list[str], spec: ModelSpec) -> dict[str, tuple[tuple[int, ...], ...]]:
    """The shapes of these tensors for each of two numbers of rows."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = session_of(watched)
    runs = [session.run(names, example(spec, rows)) for rows in _ROWS]
    return {name: tuple(found.shape for found in pair) for name, *pair in zip(names, *runs, strict=True)}


def session_of(model: Any) -> Any:
    """The model in ONNX Runtime, on the processor."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def example(spec: ModelSpec, rows: int) -> Batch:
    """Seeded inputs. Whole numbers are 1 or 2, since they may be indexes into a table that is no larger."""
    generator = np.random.default_rng(0)

    def of(dtype: str, shape: tuple[int, ...]) -> Array:
        if np.dtype(dtype).kind == "f":
            return generator.random(shape).astype(dtype)
        return generator.integers(1, 3, shape).astype(dtype)

    return {tensor.name: of(tensor.dtype, (rows, *tensor.row_shape)) for tensor in spec.inputs}


def _set_shape(graph: Any, node: Any, shape: list[int]) -> None:
    name = f"{node.output[0]}/constant_shape"
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(shape, np.int64), name))
    node.input[1] = name


def _remove_unused(graph: Any) -> None:
    """Take out what no output needs any more; nodes stand in the order in which they run."""
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(name for inner in _with_inner(node) for name in inner.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


def _with_inner(node: Any) -> list[Any]:
    inner = [graph for attribute in node.attribute for graph in (attribute.g, *attribute.graphs)]
    return [node, *(found for graph in inner for other in graph.node for found in _with_inner(other))]
