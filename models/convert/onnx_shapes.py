"""Shapes and places that an ONNX graph computes while it runs, put in as constants where they are known beforehand.

Exporters write `Reshape` with a shape that is computed from the input's. Who traces such a graph bakes its example's
rows in. Run with two numbers of rows, the graph tells which axis follows them: that one becomes -1, the others numbers.
What depends on the numbers in the inputs, and not on their shapes alone, is left as it is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert import example
from serveoff.models.convert.onnx_external import session_of
from serveoff.models.convert.onnx_models import FILE, with_inner
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array

_ROWS = (3, 5)
FREE = -1


PARAMETERS = {"Reshape": (1,), "Slice": (1, 2, 3, 4), "Expand": (1,), "Tile": (1,), "Split": (1,), "Pad": (1,)}
"""Operators to which of their inputs say where, not what."""
_OF_SHAPES = ("Shape", "Size")


def with_constant_shapes(model: Any, spec: ModelSpec, folder: Path) -> Any:
    """The model of a node's folder, shapes and places as constants where one axis at most depends on the rows."""
    computed = list(_computed(model.graph))
    if not computed:
        return model
    watched = {_watched(node, index) for node, index in computed}
    runs = dict(zip(watched, _both(model, list(watched), spec, folder), strict=True))
    for node, index in computed:
        few, more = runs[_watched(node, index)]
        same = few if np.array_equal(few, more) else None
        value = _shape(few.shape, more.shape) if node.op_type == "Reshape" else same
        if value is not None:
            name = f"{node.output[0]}/constant_{index}"
            model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
            node.input[index] = name
    remove_unused(model.graph)
    return model


def _computed(graph: Any) -> Iterator[tuple[Any, int]]:
    """The parameters, node and input, that are computed from nothing but shapes."""
    known, data = {constant.name for constant in graph.initializer}, {value.name for value in graph.input}
    for node in graph.node:
        inner = [name for found in with_inner(node) for name in found.input]
        if node.op_type not in _OF_SHAPES and data.intersection(inner):
            data.update(node.output)
        for index in PARAMETERS.get(node.op_type, ()):
            name = node.input[index] if index < len(node.input) else ""
            if name and name not in known and name not in data:
                yield node, index


def _watched(node: Any, index: int) -> str:
    """The tensor that tells: what a `Reshape` gives, since its shape may have a -1 or 0; else the parameter."""
    name: str = node.output[0] if node.op_type == "Reshape" else node.input[index]
    return name


def _both(model: Any, names: list[str], spec: ModelSpec, folder: Path) -> Iterator[tuple[Array, Array]]:
    """These tensors for each of two numbers of rows."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = session_of(watched, folder / FILE)
    few, more = (session.run(names, example(spec, 1 if spec.one_row else rows)) for rows in _ROWS)
    return zip(few, more, strict=True)


def _shape(few: tuple[int, ...], more: tuple[int, ...]) -> Array | None:
    """A shape with -1 for the axis that follows the rows; None where several do."""
    varying = [axis for axis, pair in enumerate(zip(few, more, strict=True)) if pair[0] != pair[1]]
    shape = [FREE if axis in varying else size for axis, size in enumerate(few)]
    return np.array(shape, np.int64) if len(varying) <= 1 else None


def remove_unused(graph: Any) -> None:
    """Take out what no output needs any more; nodes stand in the order in which they run."""
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(name for inner in with_inner(node) for name in inner.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
