"""ONNX operators on images, sequences and volumes, (rows, channels, *places): computed with channels last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.convert.onnx_tf.node import Node, Operator
from models.convert.onnx_tf.shapes import first, gives
from models.convert.onnx_tf.values import Values
from models.tensorflow_setup import tensorflow as tf


def _convolution(node: Node, values: Values) -> None:
    x, kernel = values.last(node.inputs[0]), tf.convert_to_tensor(values[node.inputs[1]])
    places = len(kernel.shape) - 2
    groups, (strides, dilations) = node.attribute("group", 1), _steps(node, places)
    kernel = tf.transpose(kernel, [*range(2, places + 2), 1, 0])
    x = _padded(node, x, kernel.shape[:places], strides, dilations)
    if groups > 1 and groups == x.shape[-1] and places == 2 and (strides[0] == strides[1] or max(dilations) == 1):
        result = _depthwise(x, kernel, strides, dilations)
    else:
        result = tf.nn.convolution(x, kernel, strides, "VALID", dilations=dilations)
    bias = values.get(node.input(2))
    values.put_last(node.outputs[0], result if bias is None else tf.nn.bias_add(result, bias))


def _depthwise(x: Any, kernel: Any, strides: list[int], dilations: list[int]) -> Any:
    """One group per channel: ONNX' kernel (height, width, 1, groups * m), TensorFlow's (height, width, groups, m)."""
    height, width, _, outputs = kernel.shape
    kernel = tf.reshape(kernel, [height, width, x.shape[-1], outputs // x.shape[-1]])
    return tf.nn.depthwise_conv2d(x, kernel, [1, *strides, 1], "VALID", dilations=dilations)


def _steps(node: Node, places: int) -> tuple[list[int], list[int]]:
    return node.attribute("strides") or [1] * places, node.attribute("dilations") or [1] * places


def _pads(node: Node, x: Any, kernel: Any, strides: list[int], dilations: list[int]) -> list[list[int]]:
    """Numbers before and after each axis of places."""
    places = len(strides)
    automatic, given = node.attribute("auto_pad", "NOTSET"), node.attribute("pads")
    if automatic in ("NOTSET", "VALID"):
        flat = given if given and automatic == "NOTSET" else [0] * (2 * places)
        return [[flat[axis], flat[axis + places]] for axis in range(places)]
    pads = []
    for size, width, stride, dilation in zip(x.shape[1:-1], kernel, strides, dilations, strict=True):
        whole = max((-(-size // stride) - 1) * stride + (width - 1) * dilation + 1 - size, 0)
        fewer = whole // 2
        pads.append([fewer, whole - fewer] if automatic == "SAME_UPPER" else [whole - fewer, fewer])
    return pads


def _padded(node: Node, x: Any, kernel: Any, strides: list[int], dilations: list[int], value: float = 0.0) -> Any:
    pads = _pads(node, x, kernel, strides, dilations)
    return tf.pad(x, [[0, 0], *pads, [0, 0]], constant_values=value) if np.any(pads) else x


def _transposed(node: Node, values: Values) -> None:
    x, kernel = values.last(node.inputs[0]), tf.convert_to_tensor(values[node.inputs[1]])
    places = len(kernel.shape) - 2
    strides, dilations = _steps(node, places)
    if node.attribute("group", 1) != 1 or max(dilations) > 1 or node.attribute("auto_pad", "NOTSET") != "NOTSET":
        raise node.refuse("groups, dilations or automatic pads")
    if node.attribute("output_shape"):
        raise node.refuse("an output_shape")
    kernel = tf.transpose(kernel, [*range(2, places + 2), 1, 0])
    pads, extra = node.attribute("pads") or [0] * (2 * places), node.attribute("output_padding") or [0] * places
    full = [(size - 1) * stride + width + more for size, stride, width, more
            in zip(x.shape[1:-1], strides, kernel.shape[:places], extra, strict=True)]  # fmt: skip
    result = tf.nn.conv_transpose(x, kernel, [tf.shape(x)[0], *full, kernel.shape[-2]], strides, "VALID")
    kept = [slice(pads[axis], size - pads[axis + places]) for axis, size in enumerate(full)]
    result = result[(slice(None), *kept)]
    bias = values.get(node.input(2))
    values.put_last(node.outputs[0], result if bias is None else tf.nn.bias_add(result, bias))


def _max_pool(node: Node, values: Values) -> None:
    if len(node.outputs) > 1 and node.outputs[1]:
        raise node.refuse("its places as an output")
    x, kernel = values.last(node.inputs[0]), node.attribute("kernel_shape")
    strides, dilations = _steps(node, len(kernel))
    x = _whole(node, _padded(node, x, kernel, strides, dilations, x.dtype.min), kernel, strides, dilations, x.dtype.min)
    values.put_last(node.outputs[0], tf.nn.pool(x, kernel, "MAX", strides, "VALID", dilations=dilations))


def _whole(node: Node, x: Any, kernel: Any, strides: Any, dilations: Any, value: float) -> Any:
    """With ceil_mode, what the last window lacks is added at the end."""
    if not node.attribute("ceil_mode", 0):
        return x
    lacks = []
    for size, width, stride, dilation in zip(x.shape[1:-1], kernel, strides, dilations, strict=True):
        rest = (size - (width - 1) * dilation - 1) % stride
        lacks.append([0, stride - rest if rest else 0])
    return tf.pad(x, [[0, 0], *lacks, [0, 0]], constant_values=value)


def _average_pool(node: Node, values: Values) -> None:
    x, kernel = values.last(node.inputs[0]), node.attribute("kernel_shape")
    strides, dilations = _steps(node, len(kernel))
    if node.attribute("ceil_mode", 0) or max(dilations) > 1:
        raise node.refuse("ceil_mode or dilations")
    padded = _padded(node, x, kernel, strides, dilations)
    result = tf.nn.avg_pool(padded, kernel, strides, "VALID")
    if padded is not x and not node.attribute("count_include_pad", 0):
        inside = _padded(node, tf.ones_like(x[:1, ..., :1]), kernel, strides, dilations)
        result = result / tf.nn.avg_pool(inside, kernel, strides, "VALID")
    values.put_last(node.outputs[0], result)


def _over_places(compute: Any) -> Operator:
    def pool(node: Node, values: Values) -> None:
        x = values.last(node.inputs[0])
        values.put_last(node.outputs[0], compute(x, axis=list(range(1, len(x.shape) - 1)), keepdims=True))

    return pool


def _batch_norm(node: Node, values: Values) -> None:
    scale, bias, mean, variance = (tf.convert_to_tensor(values[name]) for name in node.inputs[1:5])
    factor = scale * tf.math.rsqrt(variance + node.attribute("epsilon", 1e-5))
    shift = bias - mean * factor
    if values.rank(node.inputs[0]) == 2:
        values[node.outputs[0]] = values[node.inputs[0]] * factor + shift
    else:
        values.put_last(node.outputs[0], values.last(node.inputs[0]) * factor + shift)


def _instance_norm(node: Node, values: Values) -> None:
    x, scale, bias = values.last(node.inputs[0]), values[node.inputs[1]], values[node.inputs[2]]
    mean, variance = tf.nn.moments(x, list(range(1, len(x.shape) - 1)), keepdims=True)
    normal = (x - mean) * tf.math.rsqrt(variance + node.attribute("epsilon", 1e-5))
    values.put_last(node.outputs[0], normal * scale + bias)


def _group_norm(node: Node, values: Values) -> Any:
    x, groups = first(node, values), node.attribute("num_groups")
    scale, bias = (tf.convert_to_tensor(values[name]) for name in node.inputs[1:])
    channels, places = x.shape[1], x.shape[2:].as_list()
    grouped = tf.reshape(x, [-1, groups, channels // groups, *places])
    mean, variance = tf.nn.moments(grouped, list(range(2, len(grouped.shape))), keepdims=True)
    normal = (grouped - mean) * tf.math.rsqrt(variance + node.attribute("epsilon", 1e-5))
    shape = [1, channels, *[1] * len(places)]
    return tf.reshape(normal, [-1, channels, *places]) * tf.reshape(scale, shape) + tf.reshape(bias, shape)


def _resize(node: Node, values: Values) -> None:
    x, mode = values.last(node.inputs[0]), node.attribute("mode", "nearest")
    places, scales, sizes = x.shape[1:-1].as_list(), values.static(node, 2), values.static(node, 3)
    chosen = sizes[2:].tolist() if sizes is not None else [int(n * s) for n, s in zip(places, scales[2:], strict=True)]  # type: ignore[index]
    centred = node.attribute("coordinate_transformation_mode", "half_pixel")
    enlarges = all(new % old == 0 for new, old in zip(chosen, places, strict=True))
    rounds = mode == "nearest" and enlarges and (centred != "asymmetric" or node.attribute("nearest_mode") == "floor")
    if len(places) != 2 or not (rounds or (mode == "linear" and centred in ("half_pixel", "pytorch_half_pixel"))):
        raise node.refuse(f"mode {mode}, coordinates {centred}")
    values.put_last(node.outputs[0], tf.image.resize(x, chosen, "nearest" if rounds else "bilinear"))


OPERATORS: Mapping[str, Operator] = {
    "Conv": _convolution, "ConvTranspose": _transposed, "MaxPool": _max_pool, "AveragePool": _average_pool,
    "GlobalAveragePool": _over_places(tf.reduce_mean), "GlobalMaxPool": _over_places(tf.reduce_max),
    "BatchNormalization": _batch_norm, "InstanceNormalization": _instance_norm,
    "GroupNormalization": gives(_group_norm), "Resize": _resize,
}  # fmt: skip
