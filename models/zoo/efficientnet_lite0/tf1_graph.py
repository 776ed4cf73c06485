"""The network as TensorFlow 1 writes it: operations added to a graph, to be run by a Session."""

from typing import Any

import tensorflow as tf

from serveoff.models.zoo import efficientnet_lite0 as net
from serveoff.models.zoo.tf1_layers import batch_norm, dense, variable

tf1 = tf.compat.v1


def build() -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the network to the current graph: its placeholder `image` and its tensor `probabilities`, by name."""
    image, probabilities = net.SPEC.inputs[0].name, net.SPEC.outputs[0].name
    pixels = tf1.placeholder(tf.float32, [None, *net.SPEC.inputs[0].row_shape], name=image)
    x = (pixels - net.PIXEL_MEAN) / net.PIXEL_SCALE
    x = tf.nn.relu6(conv_bn(x, "stem", [3, 3, 3, net.STEM], stride=2))
    for index, block in enumerate(net.BLOCKS):
        x = inverted_residual(x, f"blocks.{index}", block)
    x = tf.nn.relu6(conv_bn(x, "head", [1, 1, net.BLOCKS[-1].channels_out, net.HEAD]))
    scores = dense(tf.reduce_mean(x, axis=[1, 2]), "classifier", net.HEAD, net.CLASSES)
    return {image: pixels}, {probabilities: tf.nn.softmax(scores, name=probabilities)}


def inverted_residual(x: Any, name: str, block: net.Block) -> Any:
    """Widen, filter each channel, narrow; the narrow ends are joined where they are alike."""
    y, hidden = x, block.hidden
    if block.expands:
        y = tf.nn.relu6(conv_bn(y, f"{name}.expand", [1, 1, block.channels_in, hidden]))
    y = tf.nn.relu6(depthwise_bn(y, f"{name}.depthwise", [block.kernel, block.kernel, hidden, 1], block.stride))
    y = conv_bn(y, f"{name}.project", [1, 1, hidden, block.channels_out])
    return x + y if block.skips else y


def conv_bn(x: Any, name: str, shape: list[int], stride: int = 1) -> Any:
    """A convolution without a bias, and batch normalisation; the kernel's shape is (height, width, in, out)."""
    y = tf.nn.conv2d(x, variable(name, "kernel", shape), strides=stride, padding="SAME")
    return batch_norm(y, f"{name}_bn", shape[3], net.EPSILON)


def depthwise_bn(x: Any, name: str, shape: list[int], stride: int) -> Any:
    """A filter for each channel, and batch normalisation; the kernel's shape is (height, width, channels, 1)."""
    kernel = variable(name, "depthwise_kernel", shape)
    y = tf.nn.depthwise_conv2d(x, kernel, strides=[1, stride, stride, 1], padding="SAME")
    return batch_norm(y, f"{name}_bn", shape[2], net.EPSILON)
