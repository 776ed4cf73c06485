"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session.

https://www.tensorflow.org/guide/migrate/tf1_vs_tf2 describes this style: define the graph, then run it.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from serveoff.models.zoo.resnet50 import (
    BLOCKS,
    CLASSES,
    EPSILON,
    FEATURES,
    PIXEL_MEAN,
    PIXEL_SCALE,
    SPEC,
    STEM,
    STEM_KERNEL,
    Block,
)
from serveoff.models.zoo.tf1_layers import batch_norm, dense, variable

tf1 = tf.compat.v1


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `image` and its tensor `probabilities`, by name.

    Neither holds a value. `Session.run(probabilities, {image: array})` computes one, after the variables
    were given theirs.
    """
    image, probabilities = SPEC.inputs[0].name, SPEC.outputs[0].name
    pixels = tf1.placeholder(tf.float32, [None, *SPEC.inputs[0].row_shape], name=image)
    x = (pixels - tf.constant(PIXEL_MEAN)) / tf.constant(PIXEL_SCALE)
    x = tf.nn.relu(conv_bn(x, "stem", [STEM_KERNEL, STEM_KERNEL, 3, STEM], stride=2))
    x = tf.nn.max_pool2d(padded(x, 1), ksize=3, strides=2, padding="VALID")
    for index, block in enumerate(BLOCKS):
        x = bottleneck(x, f"blocks.{index}", block)
    scores = dense(tf.reduce_mean(x, axis=[1, 2]), "classifier", FEATURES, CLASSES)
    return {image: pixels}, {probabilities: tf.nn.softmax(scores, name=probabilities)}


def bottleneck(x: Any, name: str, block: Block) -> Any:
    """Narrow, filter, widen, and add what came in."""
    y = tf.nn.relu(conv_bn(x, f"{name}.reduce", [1, 1, block.channels_in, block.width]))
    y = tf.nn.relu(conv_bn(y, f"{name}.filter", [3, 3, block.width, block.width], block.stride))
    y = conv_bn(y, f"{name}.widen", [1, 1, block.width, block.channels_out])
    if block.projects:
        x = conv_bn(x, f"{name}.project", [1, 1, block.channels_in, block.channels_out], block.stride)
    return tf.nn.relu(x + y)


def conv_bn(x: Any, name: str, shape: list[int], stride: int = 1) -> Any:
    """A convolution, padded alike on all sides, and batch normalisation; the shape is (height, width, in, out)."""
    if stride > 1:  # where TensorFlow's SAME would add fewer before than after
        x = padded(x, shape[0] // 2)
    padding = "SAME" if stride == 1 else "VALID"
    y = tf.nn.conv2d(x, variable(name, "kernel", shape), strides=stride, padding=padding)
    return batch_norm(y, f"{name}_bn", shape[3], EPSILON)


def padded(x: Any, pixels: int) -> Any:
    """Images with so many rows and columns of zeros on each side."""
    return tf.pad(x, [[0, 0], [pixels, pixels], [pixels, pixels], [0, 0]])
