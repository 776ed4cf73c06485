"""The network as TensorFlow 2 writes it: a subclass of keras.Model."""

from typing import Any

import keras
from keras import layers

from serveoff.models.zoo.digits_cnn import CLASSES, CONV1_CHANNELS, CONV2_CHANNELS, HIDDEN, SPEC


class DigitsCNN(keras.Model):  # type: ignore[misc]
    """Maps images (n, 28, 28, 1) in [0, 1] to probabilities (n, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = layers.Conv2D(CONV1_CHANNELS, 3, padding="same", activation="relu", name="conv1")
        self.conv2 = layers.Conv2D(CONV2_CHANNELS, 3, padding="same", activation="relu", name="conv2")
        self.pool = layers.MaxPooling2D(2)
        self.flatten = layers.Flatten()
        self.dense1 = layers.Dense(HIDDEN, activation="relu", name="dense1")
        self.dense2 = layers.Dense(CLASSES, activation="softmax", name="dense2")

    def call(self, image: Any) -> Any:
        """Probabilities (n, 10)."""
        x = self.pool(self.conv1(image))
        x = self.pool(self.conv2(x))
        x = self.flatten(x)
        x = self.dense1(x)
        return self.dense2(x)


def build() -> DigitsCNN:
    """The network with fresh weights; a Keras layer has none before it saw its input's shape."""
    model = DigitsCNN()
    model(keras.Input(SPEC.inputs[0].row_shape))
    return model
