"""No model at all: zeros of the right shape, to measure what the server itself costs."""

from __future__ import annotations

import numpy as np

from models.formats import Batch, Predict
from models.spec import ModelSpec

FORMAT = "null"


def load(spec: ModelSpec) -> Predict:
    """A function that reads its input's batch size and nothing else."""
    row_shape = spec.outputs[0].row_shape

    def predict(batch: Batch) -> Batch:
        return np.zeros((len(batch), *row_shape), np.float32)

    return predict
