"""The network as TensorFlow 2 writes it: a subclass of keras.Model, whose blocks subclass keras.layers.Layer."""

from typing import Any

import keras
from keras import layers, ops

from serveoff.models.zoo import resnet50 as net


def conv(channels: int, name: str, kernel: int = 1, stride: int = 1) -> layers.Conv2D:
    """A convolution without a bias. What it pads is said apart: for a stride of 2 Keras's `same` is another padding."""
    padding = "same" if stride == 1 else "valid"
    return layers.Conv2D(channels, kernel, stride, padding=padding, use_bias=False, name=name)


def norm(name: str) -> layers.BatchNormalization:
    """Batch normalisation."""
    return layers.BatchNormalization(epsilon=net.EPSILON, name=name)


class Bottleneck(layers.Layer):  # type: ignore[misc]
    """Narrow, filter, widen, and add what came in."""

    def __init__(self, block: net.Block, name: str) -> None:
        super().__init__(name=name)
        self.reduce, self.reduce_bn = conv(block.width, f"{name}.reduce"), norm(f"{name}.reduce_bn")
        self.pad = layers.ZeroPadding2D(1) if block.stride > 1 else layers.Identity()
        self.filter, self.filter_bn = conv(block.width, f"{name}.filter", 3, block.stride), norm(f"{name}.filter_bn")
        self.widen, self.widen_bn = conv(block.channels_out, f"{name}.widen"), norm(f"{name}.widen_bn")
        self.projects = block.projects
        if block.projects:
            self.project = conv(block.channels_out, f"{name}.project", stride=block.stride)
            self.project_bn = norm(f"{name}.project_bn")

    def call(self, x: Any, training: bool = False) -> Any:
        """Images (n, height, width, channels), smaller by the stride."""
        y = ops.relu(self.reduce_bn(self.reduce(x), training=training))
        y = ops.relu(self.filter_bn(self.filter(self.pad(y)), training=training))
        y = self.widen_bn(self.widen(y), training=training)
        shortcut = self.project_bn(self.project(x), training=training) if self.projects else x
        return ops.relu(y + shortcut)


class ResNet50(keras.Model):  # type: ignore[misc]
    """Maps images (n, 224, 224, 3) of pixels from 0 to 255 to probabilities (n, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem_pad = layers.ZeroPadding2D(net.STEM_KERNEL // 2)
        self.stem, self.stem_bn = conv(net.STEM, "stem", net.STEM_KERNEL, stride=2), norm("stem_bn")
        self.pool_pad = layers.ZeroPadding2D(1)  # no zero becomes a maximum: what is pooled is at least 0
        self.pool = layers.MaxPooling2D(3, strides=2)
        self.blocks = [Bottleneck(block, f"blocks.{index}") for index, block in enumerate(net.BLOCKS)]
        self.mean = layers.GlobalAveragePooling2D()
        self.classifier = layers.Dense(net.CLASSES, activation="softmax", name="classifier")

    def call(self, image: Any, training: bool = False) -> Any:
        """Probabilities (n, 1000)."""
        x = (image - ops.array(net.PIXEL_MEAN)) / ops.array(net.PIXEL_SCALE)
        x = ops.relu(self.stem_bn(self.stem(self.stem_pad(x)), training=training))
        x = self.pool(self.pool_pad(x))
        for block in self.blocks:
            x = block(x, training=training)
        return self.classifier(self.mean(x))


def build() -> ResNet50:
    """The network with fresh weights; a Keras layer has none before it saw its input's shape."""
    model = ResNet50()
    model(ops.zeros((1, *net.SPEC.inputs[0].row_shape)))
    return model
