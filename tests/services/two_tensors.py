"""A model of the tests' own with two inputs and two outputs, of floats and of integers, and its answers by heart."""

from __future__ import annotations

import numpy as np

from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Batch

NAME = "two_tensors"
PREDICT = f"/v1/models/{NAME}:predict"
SPEC = ModelSpec(
    name=NAME,
    description="Prices scaled by how many tokens there are, and the tokens' sum",
    inputs=(
        TensorSpec(name="prices", shape=(-1, 2, 2), dtype="float32"),
        TensorSpec(name="tokens", shape=(-1, 3), dtype="int64"),
    ),
    outputs=(
        TensorSpec(name="scaled", shape=(-1, 2, 2), dtype="float32"),
        TensorSpec(name="total", shape=(-1,), dtype="int64"),
    ),
)


def predict(batch: Batch) -> Batch:
    """What the model answers."""
    tokens = batch["tokens"]
    scale = (tokens > 0).sum(axis=1).astype(np.float32)
    return {"scaled": batch["prices"] * scale[:, None, None], "total": tokens.sum(axis=1)}


def rows(count: int, seed: int = 4) -> Batch:
    """Inputs that are all different: prices that are exact in JSON, integers that no float keeps apart."""
    random = np.random.default_rng(seed)
    tokens = random.integers(-(2**60), 2**60, (count, 3))
    return {"prices": random.integers(0, 2**16, (count, 2, 2)).astype(np.float32) / 8, "tokens": tokens}


def as_rows(batch: Batch) -> list[dict[str, object]]:
    """As JSON has them in `instances`."""
    columns = [array.tolist() for array in batch.values()]
    return [dict(zip(batch, row, strict=True)) for row in zip(*columns, strict=True)]


def as_columns(batch: Batch) -> dict[str, object]:
    """As JSON has them in `inputs`."""
    return {name: array.tolist() for name, array in batch.items()}


def as_raw(batch: Batch) -> tuple[bytes, str]:
    """A raw body, and its X-Tensor-Shape."""
    shapes = ";".join(f"{name}={','.join(map(str, array.shape))}" for name, array in batch.items())
    return b"".join(array.tobytes() for array in batch.values()), shapes
