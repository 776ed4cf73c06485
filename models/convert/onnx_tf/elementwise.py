"""ONNX operators that compute each number by itself. They leave an image in the form that it has."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import onnx

from serveoff.models.convert.onnx_tf.node import Node, Operator
from serveoff.models.convert.onnx_tf.values import IMAGE_RANKS, Values
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

Compute = Callable[..., Any]


def of_one(compute: Callable[[Node, Any], Any]) -> Operator:
    """An operator of its first input."""

    def operator(node: Node, values: Values) -> None:
        name = node.input(0)
        if values.is_last(name):
            values.put_last(node.outputs[0], compute(node, values.last(name)))
        else:
            values[node.outputs[0]] = compute(node, tf.convert_to_tensor(values[name]))

    return operator


def of_all(compute: Compute) -> Operator:
    """An operator of all its inputs, which broadcast."""

    def operator(node: Node, values: Values) -> None:
        names = node.inputs
        if all(_stays_last(values, name) for name in names) and any(map(values.is_last, names)):
            found = [values.last(name) if values.rank(name) in IMAGE_RANKS else values[name] for name in names]
            values.put_last(node.outputs[0], compute(*map(tf.convert_to_tensor, found)))
        else:
            values[node.outputs[0]] = compute(*(tf.convert_to_tensor(values[name]) for name in names))

    def _stays_last(values: Values, name: str) -> bool:
        return values.is_last(name) or values.rank(name) == 0

    return operator


def _clip(node: Node, values: Values) -> None:
    low, high = (values.get(node.input(index)) for index in (1, 2))
    low = node.attribute("min") if low is None else low
    high = node.attribute("max") if high is None else high

    def clip(_: Node, x: Any) -> Any:
        x = x if low is None else tf.maximum(x, tf.cast(low, x.dtype))
        return x if high is None else tf.minimum(x, tf.cast(high, x.dtype))

    of_one(clip)(node, values)


def _cast(node: Node, x: Any) -> Any:
    dtype = tf.as_dtype(onnx.helper.tensor_dtype_to_np_dtype(node.attribute("to")))
    return x != 0 if dtype == tf.bool and x.dtype != tf.bool else tf.cast(x, dtype)


def _fold(compute: Compute) -> Compute:
    """Of two, made one of any number."""
    return lambda *tensors: reduce(compute, tensors)


def _modulo(node: Node, values: Values) -> None:
    truncates = node.attribute("fmod", 0) == 1
    of_all(tf.truncatemod if truncates else tf.math.floormod)(node, values)


def _exponential_unit(alpha: float, gamma: float) -> Operator:
    """Elu and Selu, by what ONNX takes where the node says nothing."""

    def compute(node: Node, x: Any) -> Any:
        below = node.attribute("alpha", alpha) * tf.math.expm1(tf.minimum(x, 0.0))
        return node.attribute("gamma", gamma) * tf.where(x < 0, below, x)

    return of_one(compute)


def _infinite(node: Node, x: Any) -> Any:
    positive, negative = bool(node.attribute("detect_positive", 1)), bool(node.attribute("detect_negative", 1))
    return tf.math.is_inf(x) & tf.where(x > 0, positive, negative)


def _unary(compute: Compute) -> Operator:
    return of_one(lambda node, x: compute(x))


OPERATORS: Mapping[str, Operator] = {
    "Identity": _unary(tf.identity), "Dropout": _unary(tf.identity), "Cast": of_one(_cast),
    "Relu": _unary(tf.nn.relu), "Sigmoid": _unary(tf.sigmoid), "Tanh": _unary(tf.tanh), "Exp": _unary(tf.exp),
    "Log": _unary(tf.math.log), "Sqrt": _unary(tf.sqrt), "Abs": _unary(tf.abs), "Neg": _unary(tf.negative),
    "Floor": _unary(tf.floor), "Ceil": _unary(tf.math.ceil), "Round": _unary(tf.round), "Erf": _unary(tf.math.erf),
    "Sin": _unary(tf.sin), "Cos": _unary(tf.cos), "Reciprocal": _unary(tf.math.reciprocal), "Sign": _unary(tf.sign),
    "Softplus": _unary(tf.math.softplus), "Softsign": _unary(tf.math.softsign), "Not": _unary(tf.logical_not),
    "IsNaN": _unary(tf.math.is_nan), "IsInf": of_one(_infinite),
    "Gelu": of_one(lambda node, x: tf.nn.gelu(x, approximate=node.attribute("approximate", "none") == "tanh")),
    "Elu": _exponential_unit(1.0, 1.0), "Selu": _exponential_unit(1.6732631921768188, 1.0507010221481323),
    "HardSigmoid": of_one(
        lambda node, x: tf.clip_by_value(node.attribute("alpha", 0.2) * x + node.attribute("beta", 0.5), 0.0, 1.0)
    ),
    "HardSwish": _unary(lambda x: x * tf.clip_by_value(x / 6 + 0.5, 0.0, 1.0)),
    "LeakyRelu": of_one(lambda node, x: tf.nn.leaky_relu(x, node.attribute("alpha", 0.01))), "Clip": _clip,
    "Add": of_all(tf.add), "Sub": of_all(tf.subtract), "Mul": of_all(tf.multiply),
    "Div": of_all(lambda x, y: tf.truediv(x, y) if x.dtype.is_floating else tf.truncatediv(x, y)),
    "Pow": of_all(lambda x, y: tf.pow(x, tf.cast(y, x.dtype))), "Mod": _modulo,
    "Min": of_all(_fold(tf.minimum)), "Max": of_all(_fold(tf.maximum)), "Sum": of_all(_fold(tf.add)),
    "Equal": of_all(tf.equal), "Greater": of_all(tf.greater), "GreaterOrEqual": of_all(tf.greater_equal),
    "Less": of_all(tf.less), "LessOrEqual": of_all(tf.less_equal), "And": of_all(tf.logical_and),
    "Or": of_all(tf.logical_or), "Xor": of_all(tf.math.logical_xor), "Where": of_all(tf.where),
    "PRelu": of_all(lambda x, slope: tf.where(x < 0, slope * x, x)),
}  # fmt: skip
