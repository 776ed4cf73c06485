"""ONNX operators that move numbers and compute none."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx

from serveoff.models.convert.onnx_tf.node import Node, Operator
from serveoff.models.convert.onnx_tf.values import Values
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

_NUMBERS = {"value_float": np.float32, "value_int": np.int64, "value_floats": np.float32, "value_ints": np.int64}
"""A constant's attributes besides `value`, which is a tensor."""


def gives(compute: Callable[[Node, Values], Any]) -> Operator:
    """An operator with one output."""

    def operator(node: Node, values: Values) -> None:
        values[node.outputs[0]] = compute(node, values)

    return operator


def first(node: Node, values: Values) -> Any:
    """The first input as a tensor."""
    return tf.convert_to_tensor(values[node.inputs[0]])


def tensors(node: Node, values: Values) -> list[Any]:
    """All inputs as tensors."""
    return [tf.convert_to_tensor(values[name]) for name in node.inputs]


def axes_of(node: Node, values: Values, index: int) -> list[int] | None:
    """The axes of an operator: an attribute in older operator sets, an input in newer ones."""
    found = node.attribute("axes")
    given = found if found is not None else values.static(node, index)
    return None if given is None else [int(axis) for axis in given]


def _shape(node: Node, values: Values) -> Any:
    x = first(node, values)
    whole = tf.shape(x, out_type=tf.int64)
    start, end = node.attribute("start", 0), node.attribute("end")
    known = x.shape[start:end]
    return np.array(known.as_list(), np.int64) if known.is_fully_defined() else whole[start:end]


def _reshape(node: Node, values: Values) -> Any:
    x, shape = first(node, values), values[node.inputs[1]]
    static = shape if isinstance(shape, np.ndarray) else tf.get_static_value(shape)
    if static is not None and not node.attribute("allowzero", 0) and 0 in static:
        kept = tf.shape(x, out_type=tf.int64)
        shape = tf.stack([kept[axis] if size == 0 else tf.constant(size, tf.int64) for axis, size in enumerate(static)])
    return tf.reshape(x, shape)


def _flatten(node: Node, values: Values) -> Any:
    x, axis = first(node, values), node.attribute("axis", 1)
    sizes = x.shape[axis:]
    if axis == 1 and sizes.is_fully_defined():
        return tf.reshape(x, [-1, sizes.num_elements()])
    shape = tf.shape(x, out_type=tf.int64)
    return tf.reshape(x, [tf.reduce_prod(shape[:axis]), tf.reduce_prod(shape[axis:])])


def _unsqueeze(node: Node, values: Values) -> Any:
    x, axes = first(node, values), axes_of(node, values, 1) or []
    rank = len(x.shape) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = tf.expand_dims(x, axis)
    return x


def _expand(node: Node, values: Values) -> Any:
    x, shape = first(node, values), tf.convert_to_tensor(values[node.inputs[1]])
    return tf.broadcast_to(x, tf.broadcast_dynamic_shape(tf.shape(x, out_type=tf.int64), shape))


def _gather(node: Node, values: Values) -> Any:
    x, indices = first(node, values), tf.convert_to_tensor(values[node.inputs[1]])
    axis = node.attribute("axis", 0)
    static = tf.get_static_value(indices)
    if static is None or (static < 0).any():
        size = tf.shape(x, out_type=indices.dtype)[axis]
        indices = tf.where(indices < 0, indices + size, indices)
    return tf.gather(x, indices, axis=axis)


def _slice(node: Node, values: Values) -> Any:
    x = first(node, values)
    starts, ends = (_bounds(values[node.inputs[index]]) for index in (1, 2))
    axes, steps = values.static(node, 3), values.static(node, 4)
    axes = np.arange(len(starts)) if axes is None else axes
    steps = np.ones(len(starts), int) if steps is None else steps
    parts = [slice(None)] * len(x.shape)
    for start, end, axis, step in zip(starts, ends, axes.tolist(), steps.tolist(), strict=True):
        beyond = isinstance(end, int) and (end <= -(2**31) or end >= 2**31 - 1)
        parts[axis] = slice(start, None if beyond else end, step)
    return x[tuple(parts)]


def _bounds(value: Any) -> list[Any]:
    """Where slices begin or end: integers, or scalar tensors if that is known only while the graph runs."""
    static = value if isinstance(value, np.ndarray) else tf.get_static_value(value)
    return list(tf.unstack(value)) if static is None else np.asarray(static).tolist()


def _split(node: Node, values: Values) -> None:
    x, axis = first(node, values), node.attribute("axis", 0)
    sizes = node.attribute("split")
    given = sizes if sizes is not None else values.static(node, 1)
    if given is None:
        count, size = len(node.outputs), x.shape[axis]
        largest = -(-size // count)
        given = [min(largest, size - index * largest) for index in range(count)]
    for name, part in zip(node.outputs, tf.split(x, [int(size) for size in given], axis=axis), strict=True):
        values[name] = part


def _pad(node: Node, values: Values) -> Any:
    x = first(node, values)
    given, axes = node.attribute("pads"), values.static(node, 3)
    pads = np.asarray(given if given is not None else values.static(node, 1)).reshape(2, -1).T
    widths = np.zeros((len(x.shape), 2), int)
    widths[np.arange(len(x.shape)) if axes is None else axes] = pads
    value, mode = values.static(node, 2), node.attribute("mode", "constant")
    if mode not in ("constant", "reflect") or (widths < 0).any():
        raise node.refuse(f"mode {mode} or pads that cut")
    return tf.pad(x, widths, mode.upper(), constant_values=0 if value is None else value.item())


def _constant(node: Node, values: Values) -> Any:
    for name, dtype in _NUMBERS.items():
        if node.attribute(name) is not None:
            return np.array(node.attribute(name), dtype)
    return onnx.numpy_helper.to_array(node.attribute("value"))


def _constant_of_shape(node: Node, values: Values) -> Any:
    value = node.attribute("value")
    number = np.zeros(1, np.float32) if value is None else onnx.numpy_helper.to_array(value)
    return tf.fill(values[node.inputs[0]], number.reshape(())[()])


def _gather_elements(node: Node, values: Values) -> Any:
    x, indices = first(node, values), tf.convert_to_tensor(values[node.inputs[1]])
    axis = node.attribute("axis", 0) % len(x.shape)
    size, kept = tf.shape(x, out_type=indices.dtype)[axis], tf.shape(indices)
    places = tf.meshgrid(*(tf.range(kept[other]) for other in range(len(x.shape))), indexing="ij")
    chosen = [tf.cast(place, indices.dtype) for place in places]
    chosen[axis] = tf.where(indices < 0, indices + size, indices)
    return tf.gather_nd(x, tf.stack(chosen, -1))


def _one_hot(node: Node, values: Values) -> Any:
    depth, pair = values.static(node, 1), tf.convert_to_tensor(values[node.inputs[2]])
    assert depth is not None
    indices = first(node, values)
    indices = tf.where(indices < 0, indices + tf.cast(depth.item(), indices.dtype), indices)
    return tf.one_hot(tf.cast(indices, tf.int64), int(depth.item()), pair[1], pair[0], axis=node.attribute("axis", -1))


def _triangle(node: Node, values: Values) -> Any:
    x, k = first(node, values), values.static(node, 1)
    shift, upper = 0 if k is None else int(k.item()), node.attribute("upper", 1)
    rows, columns = tf.range(tf.shape(x)[-2])[:, None], tf.range(tf.shape(x)[-1])[None, :]
    kept = columns - rows >= shift if upper else columns - rows <= shift
    return tf.where(kept, x, tf.zeros_like(x))


def _depth_to_space(node: Node, values: Values) -> Any:
    x, block = first(node, values), node.attribute("blocksize")
    _, channels, height, width = x.shape
    depth = channels // block**2
    if node.attribute("mode", "DCR") == "DCR":
        parts = tf.transpose(tf.reshape(x, [-1, block, block, depth, height, width]), [0, 3, 4, 1, 5, 2])
    else:
        parts = tf.transpose(tf.reshape(x, [-1, depth, block, block, height, width]), [0, 1, 4, 2, 5, 3])
    return tf.reshape(parts, [-1, depth, height * block, width * block])


def _space_to_depth(node: Node, values: Values) -> Any:
    x, block = first(node, values), node.attribute("blocksize")
    _, channels, height, width = x.shape
    parts = tf.reshape(x, [-1, channels, height // block, block, width // block, block])
    sizes = [-1, channels * block**2, height // block, width // block]
    axes = [0, 3, 5, 1, 2, 4] if node.attribute("mode", "DCR") == "DCR" else [0, 1, 3, 5, 2, 4]
    return tf.reshape(tf.transpose(parts, axes), sizes)


OPERATORS: Mapping[str, Operator] = {
    "Shape": gives(_shape), "Reshape": gives(_reshape), "Flatten": gives(_flatten), "Unsqueeze": gives(_unsqueeze),
    "Squeeze": gives(lambda node, values: tf.squeeze(first(node, values), axes_of(node, values, 1))),
    "Transpose": gives(lambda node, values: tf.transpose(first(node, values), node.attribute("perm"))),
    "Tile": gives(lambda node, values: tf.tile(first(node, values), values[node.inputs[1]])),
    "Concat": gives(lambda node, values: tf.concat(tensors(node, values), node.attribute("axis"))),
    "Range": gives(lambda node, values: tf.range(*(values[name] for name in node.inputs))),
    "Expand": gives(_expand), "Gather": gives(_gather),
    "GatherElements": gives(_gather_elements), "GatherND": gives(
        lambda node, values: tf.gather_nd(first(node, values), values[node.inputs[1]], node.attribute("batch_dims", 0))
    ),
    "Slice": gives(_slice), "Split": _split, "Pad": gives(_pad),
    "Constant": gives(_constant), "ConstantOfShape": gives(_constant_of_shape),
    "Size": gives(lambda node, values: tf.size(first(node, values), out_type=tf.int64)),
    "OneHot": gives(_one_hot), "Trilu": gives(_triangle),
    "DepthToSpace": gives(_depth_to_space), "SpaceToDepth": gives(_space_to_depth),
}  # fmt: skip
