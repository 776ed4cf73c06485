"""Inputs to take a graph with, and to try it."""

import numpy as np

from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch


def example(spec: ModelSpec, rows: int) -> Batch:
    """Seeded inputs. Whole numbers are 1 or 2, since they may be indexes into a table that is no larger."""
    generator = np.random.default_rng(0)

    def of(dtype: str, shape: tuple[int, ...]) -> Array:
        kind = np.dtype(dtype).kind
        if kind == "f":
            return generator.random(shape).astype(dtype)
        return generator.integers(0 if kind == "b" else 1, 2 if kind == "b" else 3, shape).astype(dtype)

    return {tensor.name: of(tensor.dtype, (rows, *tensor.row_shape)) for tensor in spec.inputs}
