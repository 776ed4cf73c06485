"""The network as TensorFlow 2 writes it: a subclass of keras.Model."""

from typing import Any

import keras
from keras import layers

from serveoff.models.zoo.tabular_mlp import CLASSES, EPSILON, HIDDEN1, HIDDEN2, SPEC


class TabularMLP(keras.Model):  # type: ignore[misc]
    """Maps features (n, 30) to probabilities (n, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.standardise = layers.BatchNormalization(epsilon=EPSILON, center=False, scale=False, name="standardise")
        self.dense1 = layers.Dense(HIDDEN1, activation="relu", name="dense1")
        self.dense2 = layers.Dense(HIDDEN2, activation="relu", name="dense2")
        self.dense3 = layers.Dense(CLASSES, activation="softmax", name="dense3")

    def call(self, features: Any) -> Any:
        """Probabilities (n, 2)."""
        x = self.standardise(features, training=False)  # by the training split's constants, never a batch's own
        x = self.dense1(x)
        x = self.dense2(x)
        return self.dense3(x)


def build() -> TabularMLP:
    """The network with fresh weights; a Keras layer has none before it saw its input's shape."""
    model = TabularMLP()
    model(keras.Input(SPEC.inputs[0].row_shape))
    return model
