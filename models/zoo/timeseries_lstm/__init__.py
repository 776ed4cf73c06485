"""A recurrent network for the number of sunspots, written three times: where static and dynamic graphs differ most.

An LSTM reads 48 years, one after another, and a dense layer tells the next from its last state. A graph holds the 48
steps, or the loop over them; called eagerly, each operation of each step is a call of its own from Python, unless the
framework has one operation for the whole of it, as PyTorch has.

The input and the output are sunspot numbers; the network scales them within.
"""

from serveoff.models.spec import ModelSpec, TensorSpec

YEARS = 48
"""Four of the sun's cycles of about eleven years, and what came before."""
UNITS = 64
SCALE = 100.0
"""Sunspot numbers, 0 to 190 a year, are divided by this for the network, and multiplied by it after."""

SPEC = ModelSpec(
    name="timeseries_lstm",
    description="Next year's sunspots from the last 48 years: an LSTM, where static and dynamic graphs differ most",
    inputs=(TensorSpec(name="years", shape=(-1, YEARS, 1), dtype="float32"),),
    outputs=(TensorSpec(name="forecast", shape=(-1, 1), dtype="float32", scale=SCALE),),
)

PACKAGES = ("statsmodels",)
"""Ships the series."""

LAYERS = ("lstm", "dense")
"""The layers that have weights, in order, by the name that each network gives them; `lstm` gives its last state."""
