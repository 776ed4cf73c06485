"""The network as PyTorch writes it: a subclass of nn.Module.

PyTorch's LSTM has its gates in Keras's order (input, forget, cell, output), but outputs first, and two biases where
Keras has one: their sum is what counts, and neutral weights hold the sum.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from serveoff.models.weights import Weights, from_torch, to_torch
from serveoff.models.zoo.timeseries_lstm import SCALE, UNITS


class SunspotLSTM(nn.Module):  # type: ignore[misc]
    """Maps years (n, 48, 1) of sunspot numbers to the next year's (n, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = SCALE
        self.lstm = nn.LSTM(1, UNITS, batch_first=True)
        self.dense = nn.Linear(UNITS, 1)

    def states(self, years: torch.Tensor) -> torch.Tensor:
        """The state after each of the years, (n, 48, 64)."""
        return self.lstm(years / self.scale)[0]

    def forward(self, years: torch.Tensor) -> torch.Tensor:
        """The number of the year that follows, (n, 1)."""
        return self.dense(self.states(years)[:, -1]) * self.scale


def layer_output(name: str, given: Any) -> torch.Tensor:
    """What a submodule gave, as Keras's layer of that name gives it: of the LSTM, the last state."""
    return given[0][:, -1] if name == "lstm" else given


def state_of(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """The arrays of the state_dict from neutral weights: the bias in one of the two, and nothing in the other."""
    dense = {name: value for name, value in weights.items() if not name.startswith("lstm/")}
    bias = weights["lstm/bias"]
    return {
        **to_torch(dense),
        "lstm.weight_ih_l0": np.ascontiguousarray(weights["lstm/kernel"].T),
        "lstm.weight_hh_l0": np.ascontiguousarray(weights["lstm/recurrent_kernel"].T),
        "lstm.bias_ih_l0": bias,
        "lstm.bias_hh_l0": np.zeros_like(bias),
    }


def weights_of(state: Mapping[str, NDArray[np.float32]]) -> Weights:
    """Neutral weights from the arrays of the state_dict."""
    dense = {name: value for name, value in state.items() if not name.startswith("lstm.")}
    return {
        "lstm/kernel": np.ascontiguousarray(state["lstm.weight_ih_l0"].T),
        "lstm/recurrent_kernel": np.ascontiguousarray(state["lstm.weight_hh_l0"].T),
        "lstm/bias": state["lstm.bias_ih_l0"] + state["lstm.bias_hh_l0"],
        **from_torch(dense),
    }


build = SunspotLSTM
"""The network with fresh weights."""
