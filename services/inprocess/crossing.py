"""Inputs that no one has seen before and a model takes all the same: each is golden, but for a part of another one.

So they keep dtype and range, a token its place among tokens, an image its whole numbers and, cut where JPEG's blocks
end, its way through a JPEG file; and a request its size.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, Batch, rows_of

SHARE: Final = 0.25
"""Of a row, that comes from another one."""
DRAWS: Final = 20
"""For a row that came out as a golden one."""
BLOCK: Final = 8
"""Rows of pixels that JPEG codes together."""
NUDGE: Final = 1e-3
"""Of a number, where no part of another row makes a difference."""


def crossed(golden: Batch, tensors: Sequence[TensorSpec], seed: int) -> Batch:
    """As many rows as the golden inputs (n, *row) have, each unlike all of them.

    A model whose golden inputs are the only ones there are, as of one boolean, is left with these.
    """
    random = np.random.default_rng(seed)
    known = {_bytes({t.name: golden[t.name][row] for t in tensors}) for row in range(rows_of(golden))}
    rows = [_unlike(golden, tensors, row, known, random) for row in range(rows_of(golden))]
    return {tensor.name: np.stack([row[tensor.name] for row in rows]) for tensor in tensors}


def _unlike(
    golden: Batch, tensors: Sequence[TensorSpec], row: int, known: set[bytes], random: np.random.Generator
) -> Batch:
    for _ in range(DRAWS):
        other, at = int(random.integers(rows_of(golden))), random.random()
        found = {tensor.name: _spliced(golden[tensor.name], tensor, row, other, at) for tensor in tensors}
        if _bytes(found) not in known:
            return found
    return {tensor.name: _nudged(golden[tensor.name][row], tensor, random) for tensor in tensors}


def _spliced(array: Array, tensor: TensorSpec, row: int, other: int, at: float) -> Array:
    """The row, with a stretch of another that begins at that share of what may begin one."""
    made = np.array(array[row])
    unit = BLOCK * made[0].size if tensor.image else 1
    units = -(-made.size // unit)
    length = max(1, int(SHARE * units))
    first = int(at * (units - length + 1))
    stretch = slice(first * unit, (first + length) * unit)
    made.reshape(-1)[stretch] = array[other].reshape(-1)[stretch]
    return made


def _nudged(row: Array, tensor: TensorSpec, random: np.random.Generator) -> Array:
    if row.dtype.kind != "f" or tensor.image:
        return row
    return (row * (1 - NUDGE * random.random(row.shape))).astype(row.dtype)


def _bytes(row: Batch) -> bytes:
    return b"".join(array.tobytes() for array in row.values())
