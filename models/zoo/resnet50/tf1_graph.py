"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session."""

from typing import Any

import tensorflow as tf

from serveoff.models.zoo import resnet50 as net
from serveoff.models.zoo.tf1_layers import batch_norm, dense, variable

tf1 = tf.compat.v1


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `image` and its tensor `probabilities`, by name."""
    image, probabilities = net.SPEC.inputs[0].name, net.SPEC.outputs[0].name
    pixels = tf1.placeholder(tf.float32, [None, *net.SPEC.inputs[0].row_shape], name=image)
    x = (pixels - tf.constant(net.PIXEL_MEAN)) / tf.constant(net.PIXEL_SCALE)
    x = tf.nn.relu(conv_bn(x, "stem", [net.STEM_KERNEL, net.STEM_KERNEL, 3, net.STEM], stride=2))
    x = tf.nn.max_pool2d(padded(x, 1), ksize=3, strides=2, padding="VALID")
    for index, block in enumerate(net.BLOCKS):
        x = bottleneck(x, f"blocks.{index}", block)
    scores = dense(tf.reduce_mean(x, axis=[1, 2]), "classifier", net.FEATURES, net.CLASSES)
    return {image: pixels}, {probabilities: tf.nn.softmax(scores, name=probabilities)}


def bottleneck(x: Any, name: str, block: net.Block) -> Any:
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
    return batch_norm(y, f"{name}_bn", shape[3], net.EPSILON)


def padded(x: Any, pixels: int) -> Any:
    """Images with so many rows and columns of zeros on each side."""
    return tf.pad(x, [[0, 0], [pixels, pixels], [pixels, pixels], [0, 0]])
