"""The weights of a trained model in a layout that belongs to no framework.

`weights.npz` holds one float32 array per name `<layer>/<variable>`, in Keras's names and TensorFlow's order:

| variable | shape | in PyTorch |
|---|---|---|
| kernel of a convolution | (height, width, in, out), or (width, in, out) | weight, the outputs first |
| kernel of a dense layer | (inputs, outputs); those of a flattened image in NHWC's order | weight, transposed |
| depthwise_kernel | (height, width, channels, 1) | weight (channels, 1, height, width) |
| embeddings | (words, size) | weight |
| bias | (outputs,) | bias |
| gamma, beta | (channels,), of a normalisation | weight, bias |
| moving_mean, moving_variance | (channels,), of a batch normalisation | running_mean, running_var |

A layer's name may have dots: PyTorch gives such to layers within layers. What this table does not cover, such as a
recurrent layer's gates, the model's own torch_module says by `weights_of` and `state_of`.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]
State = Mapping[str, NDArray[np.float32]]
"""The arrays of a PyTorch state_dict."""

WEIGHTS_NAME = "weights.npz"
MATRIX, IMAGE_KERNEL = 2, 4
"""Axes of a dense kernel or an embedding, and of a convolution's kernel."""

_TO_TORCH = {2: (1, 0), 3: (2, 1, 0), 4: (3, 2, 0, 1)}
_FROM_TORCH = {2: (1, 0), 3: (2, 1, 0), 4: (2, 3, 1, 0)}
_DEPTHWISE = (2, 3, 0, 1)
"""Of its own inverse: (height, width, channels, 1) and (channels, 1, height, width)."""
_NAMES = {
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "embeddings": "weight",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
"""Variables that are the same array in PyTorch, by what they are called there."""
_STATISTICS = {"running_mean": "moving_mean", "running_var": "moving_variance"}
_COUNTER = "num_batches_tracked"
"""Of a batch normalisation: only its training reads it."""


def read_weights(model_dir: Path) -> Weights:
    """The weights of the model in a folder."""
    with np.load(model_dir / WEIGHTS_NAME) as arrays:
        return {name: arrays[name] for name in arrays.files}


def write_weights(model_dir: Path, weights: Weights) -> None:
    """Write the weights into a model's folder."""
    np.savez(model_dir / WEIGHTS_NAME, **weights)  # type: ignore[arg-type]


def from_torch(state: State) -> Weights:
    """Neutral weights from a state_dict: `conv1.weight` becomes `conv1/kernel`. ValueError for what the table lacks.

    Arrays alone do not tell a matrix of words from a dense layer, nor one filter per channel from filters of one
    channel: a layer is an embedding or depthwise if the last part of its name says `embedding` or `depthwise`.
    """
    weights: Weights = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        if kind == _COUNTER:
            continue
        variable = _variable(state, layer, kind)
        weights[f"{layer}/{variable}"] = np.ascontiguousarray(_turned(variable, value, _FROM_TORCH), dtype=np.float32)
    return weights


def to_torch(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """The arrays of a state_dict from neutral weights; ValueError for what is not in the table."""
    state = {}
    for name, value in weights.items():
        layer, _, variable = name.rpartition("/")
        kind = "weight" if variable.endswith("kernel") else _NAMES.get(variable)
        if kind is None or variable == "recurrent_kernel":
            raise ValueError(f"nobody knows what {name} is in PyTorch: give the model's torch_module a `state_of`")
        state[f"{layer}.{kind}"] = np.ascontiguousarray(_turned(variable, value, _TO_TORCH))
    return state


def _variable(state: State, layer: str, kind: str) -> str:
    """What Keras calls the array `<layer>.<kind>` of a state_dict."""
    kernel, name = state.get(f"{layer}.weight"), layer.rpartition(".")[2]
    if kind in _STATISTICS:
        return _STATISTICS[kind]
    if not layer or kind not in ("weight", "bias"):
        raise ValueError(f"nobody knows what {layer}.{kind} is in Keras: give the model's torch_module a `weights_of`")
    if kernel is not None and kernel.ndim == 1:
        return "gamma" if kind == "weight" else "beta"
    if kind == "bias":
        return "bias"
    if kernel is not None and kernel.ndim == MATRIX and "embedding" in name:
        return "embeddings"
    return "depthwise_kernel" if state[f"{layer}.weight"].ndim == IMAGE_KERNEL and "depthwise" in name else "kernel"


def _turned(variable: str, value: NDArray[np.float32], axes: Mapping[int, tuple[int, ...]]) -> NDArray[np.float32]:
    if variable == "depthwise_kernel":
        return value.transpose(_DEPTHWISE)
    return value.transpose(axes[value.ndim]) if variable == "kernel" else value
