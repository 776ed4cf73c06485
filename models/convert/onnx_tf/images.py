"""ONNX operators on images, sequences and volumes, (rows, channels, *places): computed with channels last."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from serveoff.models.convert.onnx_tf.node import Node, Operator
from serveoff.models.convert.onnx_tf.shapes import first, gives
from serveoff.models.convert.onnx_tf.values import Values
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf


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
    x, kernel = values.last(node.inputs[0]), node.attribute("kernel_shape")
    strides, dilations = _steps(node, len(kernel))
    if max(dilations) > 1 and max(strides) > 1:
        raise node.refuse("strides and dilations at once")
    lowest = x.dtype.min
    ends = [end for _, end in _pads(node, x, kernel, strides, dilations)]
    x = _padded(node, x, kernel, strides, dilations, lowest)
    if node.attribute("ceil_mode", 0):
        x = tf.pad(x, [[0, 0], *_lacking(x, kernel, strides, dilations, ends), [0, 0]], constant_values=lowest)
    if max(dilations) > 1:
        result = tf.nn.pool(x, kernel, "MAX", strides, "VALID", dilations=dilations)
    else:
        result = tf.nn.max_pool(x, kernel, strides, "VALID")
    values.put_last(node.outputs[0], result)


def _lacking(x: Any, kernel: Any, strides: Any, dilations: Any, ends: list[int]) -> list[list[int]]:
    """What the last window lacks at the end of each axis, unless it would begin in the pad at the end."""
    lacks = []
    for size, width, stride, dilation, end in zip(x.shape[1:-1], kernel, strides, dilations, ends, strict=True):
        window = (width - 1) * dilation + 1
        lack = -(size - window) % stride
        lacks.append([0, lack if size + lack - window < size - end else 0])
    return lacks


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
    if node.attribute("training_mode", 0):
        raise node.refuse("training_mode")
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
    """Enlarging by whole numbers, and linear between pixels that lie at half places: what TensorFlow does alike."""
    x, mode = values.last(node.inputs[0]), node.attribute("mode", "nearest")
    places, chosen = x.shape[1:-1].as_list(), _chosen(node, values, x.shape.as_list())
    coordinates, rounding = (
        node.attribute(name, default)
        for name, default in (("coordinate_transformation_mode", "half_pixel"), ("nearest_mode", "round_prefer_floor"))
    )
    half = coordinates in ("half_pixel", "pytorch_half_pixel")
    repeats = (half and rounding.startswith("round_prefer")) or (coordinates == "asymmetric" and rounding == "floor")
    whole = all(new % old == 0 for new, old in zip(chosen, places, strict=True))
    nearest, linear = mode == "nearest" and repeats and whole, mode == "linear" and half and min(chosen) > 1
    if len(places) != 2 or not (nearest or linear) or node.attribute("antialias", 0):
        raise node.refuse(f"mode {mode}, coordinates {coordinates}")
    values.put_last(node.outputs[0], tf.image.resize(x, chosen, "nearest" if nearest else "bilinear"))


def _chosen(node: Node, values: Values, shape: list[int]) -> list[int]:
    """The new sizes of the places."""
    if node.attribute("axes") is not None or node.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.refuse("axes or keep_aspect_ratio_policy")
    sizes, scales = values.static(node, 3), values.static(node, 2)
    if sizes is not None:
        return [int(size) for size in sizes[2:]]
    assert scales is not None
    exact = [size * scale for size, scale in zip(shape[1:-1], scales[2:].tolist(), strict=True)]
    if any(size != int(size) for size in exact):
        raise node.refuse("scales that give no whole sizes")
    return [int(size) for size in exact]


OPERATORS: Mapping[str, Operator] = {
    "Conv": _convolution, "ConvTranspose": _transposed, "MaxPool": _max_pool, "AveragePool": _average_pool,
    "GlobalAveragePool": _over_places(tf.reduce_mean), "GlobalMaxPool": _over_places(tf.reduce_max),
    "BatchNormalization": _batch_norm, "InstanceNormalization": _instance_norm,
    "GroupNormalization": gives(_group_norm), "Resize": _resize,
}  # fmt: skip
