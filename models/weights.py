"""The weights of a trained model in a layout that belongs to no framework.

`weights.npz` holds one float32 array per name `<layer>/kernel` or `<layer>/bias`:

| array | shape |
|---|---|
| convolution kernel | (height, width, channels in, channels out) |
| dense kernel | (inputs, outputs); the inputs of a flattened image are in (height, width, channel) order |
| bias | (outputs,) |

That is TensorFlow's own order. PyTorch keeps the outputs first, so its kernels are transposed on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]

WEIGHTS_NAME = "weights.npz"

_TO_TORCH = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}
_FROM_TORCH = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}


def read_weights(model_dir: Path) -> Weights:
    """The weights of the model in a folder."""
    with np.load(model_dir / WEIGHTS_NAME) as arrays:
        return {name: arrays[name] for name in arrays.files}


def write_weights(model_dir: Path, weights: Weights) -> None:
    """Write the weights into a model's folder."""
    np.savez(model_dir / WEIGHTS_NAME, **weights)  # type: ignore[arg-type]


def from_torch(state: Mapping[str, NDArray[np.float32]]) -> Weights:
    """Neutral weights from the arrays of a PyTorch state_dict: `conv1.weight` becomes `conv1/kernel`."""
    weights: Weights = {}
    for name, value in state.items():
        layer, kind = name.rsplit(".", 1)
        neutral = f"{layer}/{'kernel' if kind == 'weight' else 'bias'}"
        weights[neutral] = np.ascontiguousarray(value.transpose(_FROM_TORCH[value.ndim]), dtype=np.float32)
    return weights


def to_torch(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """The arrays of a PyTorch state_dict from neutral weights."""
    state = {}
    for name, value in weights.items():
        layer, kind = name.rsplit("/", 1)
        key = f"{layer}.{'weight' if kind == 'kernel' else 'bias'}"
        state[key] = np.ascontiguousarray(value.transpose(_TO_TORCH[value.ndim]))
    return state
