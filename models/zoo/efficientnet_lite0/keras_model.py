"""The network as TensorFlow 2 writes it: a subclass of keras.Model, whose blocks subclass keras.layers.Layer."""

from typing import Any

import keras
from keras import layers, ops

from serveoff.models.zoo import efficientnet_lite0 as net


def conv(channels: int, name: str, kernel: int = 1, stride: int = 1) -> layers.Conv2D:
    """A convolution without a bias."""
    return layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)


def norm(name: str) -> layers.BatchNormalization:
    """Batch normalisation."""
    return layers.BatchNormalization(epsilon=net.EPSILON, name=name)


class InvertedResidual(layers.Layer):  # type: ignore[misc]
    """Widen, filter each channel, narrow; the narrow ends are joined where they are alike."""

    def __init__(self, block: net.Block, name: str) -> None:
        super().__init__(name=name)
        self.skips, self.expands = block.skips, block.expands
        if block.expands:
            self.expand, self.expand_bn = conv(block.hidden, f"{name}.expand"), norm(f"{name}.expand_bn")
        self.depthwise = layers.DepthwiseConv2D(
            block.kernel, block.stride, padding="same", use_bias=False, name=f"{name}.depthwise"
        )
        self.depthwise_bn = norm(f"{name}.depthwise_bn")
        self.project, self.project_bn = conv(block.channels_out, f"{name}.project"), norm(f"{name}.project_bn")
        self.relu6 = layers.ReLU(max_value=net.GREATEST)

    def call(self, x: Any, training: bool = False) -> Any:
        """Images (n, height, width, channels), smaller by the stride."""
        y = self.relu6(self.expand_bn(self.expand(x), training=training)) if self.expands else x
        y = self.relu6(self.depthwise_bn(self.depthwise(y), training=training))
        y = self.project_bn(self.project(y), training=training)
        return x + y if self.skips else y


class EfficientNetLite0(keras.Model):  # type: ignore[misc]
    """Maps images (n, 224, 224, 3) of pixels from 0 to 255 to probabilities (n, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stem_bn = conv(net.STEM, "stem", kernel=3, stride=2), norm("stem_bn")
        self.blocks = [InvertedResidual(block, f"blocks.{index}") for index, block in enumerate(net.BLOCKS)]
        self.head, self.head_bn = conv(net.HEAD, "head"), norm("head_bn")
        self.relu6 = layers.ReLU(max_value=net.GREATEST)
        self.pool = layers.GlobalAveragePooling2D()
        self.classifier = layers.Dense(net.CLASSES, activation="softmax", name="classifier")

    def call(self, image: Any, training: bool = False) -> Any:
        """Probabilities (n, 1000)."""
        x = (image - net.PIXEL_MEAN) / net.PIXEL_SCALE
        x = self.relu6(self.stem_bn(self.stem(x), training=training))
        for block in self.blocks:
            x = block(x, training=training)
        x = self.relu6(self.head_bn(self.head(x), training=training))
        return self.classifier(self.pool(x))


def build() -> EfficientNetLite0:
    """The network with fresh weights; a Keras layer has none before it saw its input's shape."""
    model = EfficientNetLite0()
    model(ops.zeros((1, *net.SPEC.inputs[0].row_shape)))
    return model
