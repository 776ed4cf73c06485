"""The golden answers: what the framework that trained a model says about inputs it was never trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GOLDEN_NAME = "golden.npz"
ROWS = 64
TOLERANCE = 1e-5
"""The largest absolute error of an output that is put down to rounding: export, servers and load tests all use it."""


@dataclass(frozen=True)
class Golden:
    """Held-out inputs (64, *row), the outputs (64, *row) of the trained network, and true labels (64,)."""

    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32]
    labels: NDArray[np.int64]


def read_golden(model_dir: Path) -> Golden:
    """The golden arrays of the model in a folder."""
    with np.load(model_dir / GOLDEN_NAME) as arrays:
        return Golden(arrays["inputs"], arrays["outputs"], arrays["labels"])


def write_golden(model_dir: Path, golden: Golden) -> None:
    """Write the golden arrays into a model's folder."""
    np.savez(model_dir / GOLDEN_NAME, inputs=golden.inputs, outputs=golden.outputs, labels=golden.labels)
