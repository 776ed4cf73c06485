"""ONNX operators that sum up: products of matrices, reductions, normalisations along axes."""

from collections.abc import Callable, Mapping
from typing import Any

from serveoff.models.convert.onnx_tf.node import Node, Operator
from serveoff.models.convert.onnx_tf.shapes import axes_of, first, gives, tensors
from serveoff.models.convert.onnx_tf.values import Values
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf


def _reduce(compute: Callable[..., Any]) -> Operator:
    def reduced(node: Node, values: Values) -> Any:
        axes, x = axes_of(node, values, 1), first(node, values)
        if not axes and node.attribute("noop_with_empty_axes", 0):
            return x
        return compute(x, axis=axes or None, keepdims=bool(node.attribute("keepdims", 1)))

    return gives(reduced)


def _matmul(node: Node, values: Values) -> Any:
    x, y = tensors(node, values)
    if len(x.shape) == 1 or len(y.shape) == 1:
        return tf.tensordot(x, y, [[-1], [max(len(y.shape) - 2, 0)]])
    if len(y.shape) == 2 and len(x.shape) > 2:
        return tf.tensordot(x, y, 1)
    return tf.matmul(x, y)


def _gemm(node: Node, values: Values) -> Any:
    x, y = (tf.convert_to_tensor(values[name]) for name in node.inputs[:2])
    product = tf.matmul(x, y, bool(node.attribute("transA", 0)), bool(node.attribute("transB", 0)))
    product = _scaled(product, node.attribute("alpha", 1.0))
    bias = values.get(node.input(2))
    return product if bias is None else product + _scaled(tf.convert_to_tensor(bias), node.attribute("beta", 1.0))


def _scaled(x: Any, factor: float) -> Any:
    return x if factor == 1.0 else x * tf.cast(factor, x.dtype)


def _softmax(compute: Callable[..., Any]) -> Operator:
    def softmax(node: Node, values: Values) -> Any:
        x = first(node, values)
        axis = node.attribute("axis", -1 if node.opset >= 13 else 1)
        if node.opset < 13 and axis % len(x.shape) != len(x.shape) - 1:
            raise node.refuse("an axis before the last one in an operator set older than 13")
        return compute(x, axis=axis)

    return gives(softmax)


def _layer_norm(node: Node, values: Values) -> Any:
    x = first(node, values)
    axes = list(range(node.attribute("axis", -1) % len(x.shape), len(x.shape)))
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    normal = (x - mean) * tf.math.rsqrt(variance + node.attribute("epsilon", 1e-5))
    normal = normal * values[node.inputs[1]]
    return normal if not node.input(2) else normal + values[node.inputs[2]]


def _extreme(compute: Callable[..., Any]) -> Operator:
    def place(node: Node, values: Values) -> Any:
        axis = node.attribute("axis", 0)
        if node.attribute("select_last_index", 0):
            raise node.refuse("select_last_index")
        found = compute(first(node, values), axis=axis, output_type=tf.int64)
        return tf.expand_dims(found, axis) if node.attribute("keepdims", 1) else found

    return gives(place)


def _top_k(node: Node, values: Values) -> None:
    x, count = first(node, values), values.static(node, 1)
    assert count is not None
    axis, largest = node.attribute("axis", -1), node.attribute("largest", 1)
    if axis % len(x.shape) != len(x.shape) - 1:
        raise node.refuse("an axis before the last one")
    found, places = tf.math.top_k(x if largest else -x, int(count.item()))
    results = (found if largest else -found, tf.cast(places, tf.int64))
    for name, result in zip(node.outputs, results, strict=False):
        values[name] = result


def _cumulative(node: Node, values: Values) -> Any:
    axis = values.static(node, 1)
    assert axis is not None
    exclusive, backwards = bool(node.attribute("exclusive", 0)), bool(node.attribute("reverse", 0))
    return tf.cumsum(first(node, values), int(axis.item()), exclusive=exclusive, reverse=backwards)


OPERATORS: Mapping[str, Operator] = {
    "ReduceMean": _reduce(tf.reduce_mean), "ReduceSum": _reduce(tf.reduce_sum), "ReduceProd": _reduce(tf.reduce_prod),
    "ReduceMax": _reduce(lambda x, **how: (tf.reduce_any if x.dtype == tf.bool else tf.reduce_max)(x, **how)),
    "ReduceMin": _reduce(lambda x, **how: (tf.reduce_all if x.dtype == tf.bool else tf.reduce_min)(x, **how)),
    "ReduceL1": _reduce(lambda x, **how: tf.reduce_sum(tf.abs(x), **how)),
    "ReduceL2": _reduce(lambda x, **how: tf.sqrt(tf.reduce_sum(tf.square(x), **how))),
    "ReduceSumSquare": _reduce(lambda x, **how: tf.reduce_sum(tf.square(x), **how)),
    "ReduceLogSum": _reduce(lambda x, **how: tf.math.log(tf.reduce_sum(x, **how))),
    "ReduceLogSumExp": _reduce(tf.reduce_logsumexp), "MatMul": gives(_matmul), "Gemm": gives(_gemm),
    "Softmax": _softmax(tf.nn.softmax), "LogSoftmax": _softmax(tf.nn.log_softmax),
    "LayerNormalization": gives(_layer_norm), "ArgMax": _extreme(tf.argmax), "ArgMin": _extreme(tf.argmin),
    "TopK": _top_k, "CumSum": gives(_cumulative),
    "Einsum": gives(lambda node, values: tf.einsum(node.attribute("equation"), *tensors(node, values))),
}  # fmt: skip
