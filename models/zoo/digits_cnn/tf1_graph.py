"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session.

https://www.tensorflow.org/guide/migrate/tf1_vs_tf2 describes this style: define the graph, then run it.
"""

from typing import Any

import tensorflow as tf

from serveoff.models.zoo.digits_cnn import CLASSES, CONV1_CHANNELS, CONV2_CHANNELS, FLAT, HIDDEN, SPEC
from serveoff.models.zoo.tf1_layers import dense, variable

tf1 = tf.compat.v1

LAYER_TENSORS = {"conv1": "Relu:0", "conv2": "Relu_1:0", "dense1": "Relu_2:0", "dense2": f"{SPEC.outputs[0].name}:0"}
"""Where each layer's output is in the graph: TensorFlow numbers operations that were given no name."""


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `image` and its tensor `probabilities`, by their names.

    Neither holds a value. `Session.run(probabilities, {image: array})` computes one, after the variables
    were given theirs.
    """
    image = tf1.placeholder(tf.float32, [None, *SPEC.inputs[0].row_shape], name=SPEC.inputs[0].name)
    x = max_pool(tf.nn.relu(conv2d(image, "conv1", 1, CONV1_CHANNELS)))
    x = max_pool(tf.nn.relu(conv2d(x, "conv2", CONV1_CHANNELS, CONV2_CHANNELS)))
    x = tf.reshape(x, [-1, FLAT])
    x = tf.nn.relu(dense(x, "dense1", FLAT, HIDDEN))
    probabilities = tf.nn.softmax(dense(x, "dense2", HIDDEN, CLASSES), name=SPEC.outputs[0].name)
    return {SPEC.inputs[0].name: image}, {SPEC.outputs[0].name: probabilities}


def conv2d(x: Any, name: str, channels_in: int, channels_out: int) -> Any:
    """A 3x3 convolution that keeps the image's size."""
    kernel, bias = variable(name, "kernel", [3, 3, channels_in, channels_out]), variable(name, "bias", [channels_out])
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides=1, padding="SAME"), bias)


def max_pool(x: Any) -> Any:
    """2x2 max pooling: halves the image's sides."""
    return tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
