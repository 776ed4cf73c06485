"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session."""

from typing import Any

import tensorflow as tf

from serveoff.models.zoo.tabular_mlp import CLASSES, EPSILON, FEATURES, HIDDEN1, HIDDEN2, SPEC
from serveoff.models.zoo.tf1_layers import dense, variable

tf1 = tf.compat.v1

PROBABILITIES = SPEC.outputs[0].name
LAYER_TENSORS = {
    "standardise": "standardised:0",
    "dense1": "activation1:0",
    "dense2": "activation2:0",
    "dense3": f"{PROBABILITIES}:0",
}
"""Where each layer's output is in the graph."""


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `features` and its tensor `probabilities`, by name."""
    features = tf1.placeholder(tf.float32, [None, FEATURES], name=SPEC.inputs[0].name)
    x = tf.identity(standardise(features), name="standardised")
    x = tf.nn.relu(dense(x, "dense1", FEATURES, HIDDEN1), name="activation1")
    x = tf.nn.relu(dense(x, "dense2", HIDDEN1, HIDDEN2), name="activation2")
    probabilities = tf.nn.softmax(dense(x, "dense3", HIDDEN2, CLASSES), name=PROBABILITIES)
    return {features.op.name: features}, {PROBABILITIES: probabilities}


def standardise(x: Any) -> Any:
    """Each feature less its mean, over its standard deviation, both of the training split."""
    mean, variance = (variable("standardise", kind, [FEATURES]) for kind in ("moving_mean", "moving_variance"))
    return tf.nn.batch_normalization(x, mean, variance, None, None, EPSILON)
