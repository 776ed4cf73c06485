"""Layers as TensorFlow 1 writes them, that several networks have: operations added to the current graph."""

from typing import Any

import tensorflow as tf

tf1 = tf.compat.v1


def variable(layer: str, kind: str, shape: list[int]) -> Any:
    """A variable `<layer>/<kind>`; not a resource variable, which TensorFlow 1 froze less readily."""
    with tf1.variable_scope(layer, use_resource=False):
        return tf1.get_variable(kind, shape)


def dense(x: Any, name: str, inputs: int, outputs: int) -> Any:
    """A fully connected layer along the last axis: one product of matrices, whatever axes lie before it."""
    kernel, bias = variable(name, "kernel", [inputs, outputs]), variable(name, "bias", [outputs])
    rows = tf.nn.bias_add(tf.matmul(x if len(x.shape) == 2 else tf.reshape(x, [-1, inputs]), kernel), bias)
    return rows if len(x.shape) == 2 else tf.reshape(rows, [-1, *x.shape[1:-1], outputs])


def batch_norm(x: Any, name: str, channels: int, epsilon: float) -> Any:
    """Batch normalisation by the statistics that training left, as one operation."""
    kinds = ("gamma", "beta", "moving_mean", "moving_variance")
    gamma, beta, mean, variance = (variable(name, kind, [channels]) for kind in kinds)
    normal, *_ = tf1.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=epsilon, is_training=False)
    return normal
