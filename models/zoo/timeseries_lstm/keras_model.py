"""The network as TensorFlow 2 writes it: a subclass of keras.Model."""

from typing import Any

import keras
from keras import layers

from serveoff.models.zoo.timeseries_lstm import SCALE, SPEC, UNITS


class SunspotLSTM(keras.Model):  # type: ignore[misc]
    """Maps years (n, 48, 1) of sunspot numbers to the next year's (n, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = layers.LSTM(UNITS, name="lstm")
        self.dense = layers.Dense(1, name="dense")

    def call(self, years: Any) -> Any:
        """The number of the year that follows, (n, 1)."""
        return self.dense(self.lstm(years / SCALE)) * SCALE


def build() -> SunspotLSTM:
    """The network with fresh weights; a Keras layer has none before it saw its input's shape."""
    model = SunspotLSTM()
    model(keras.Input(SPEC.inputs[0].row_shape))
    return model
