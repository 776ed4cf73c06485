"""The tensor itself: little-endian float32, its shape in a header, and the same for the answer.

Our Flask service takes it (services.flaskrest.codec): nothing is parsed, and nothing is written as text.
"""

from __future__ import annotations

import numpy as np

from loadtests.payloads import Batch

kind = "raw"
method = ""
TYPE = "application/octet-stream"


def headers(batch: Batch) -> dict[str, str]:
    """The type and shape of the body, and the wish for an answer of that type."""
    return {"Content-Type": TYPE, "Accept": TYPE, "X-Tensor-Shape": ",".join(map(str, batch.shape))}


def encode(model: str, batch: Batch) -> bytes:
    """Four bytes a number, row by row."""
    return np.ascontiguousarray(batch, dtype="<f4").tobytes()


def decode(answer: bytes, rows: int = 1) -> Batch:
    """So many rows of equal length; ValueError where the bytes are not whole numbers of them."""
    values = np.frombuffer(answer, "<f4")
    if not values.size or values.size % rows:
        raise ValueError(f"{len(answer)} bytes are not {rows} rows of float32")
    return values.reshape(rows, -1).astype(np.float32)
