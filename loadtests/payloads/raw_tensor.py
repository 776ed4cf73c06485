"""The tensors themselves: little-endian bytes of each, in the spec's order, their shapes in a header; answers likewise.

Our Flask service takes them (serveoff.services.predict_v1): nothing is parsed, and nothing is written as text. The
header says `2,28,28,1` for a model's one input, `image=2,28,28,1;mask=2,5` for several.
"""

import math

import numpy as np

from serveoff.loadtests.payloads.arrays import little_endian
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Batch

kind = "raw"
method = ""
TYPE = "application/octet-stream"


def headers(spec: ModelSpec, batch: Batch) -> dict[str, str]:
    """The type and shapes of the body, and the wish for an answer of that type."""
    shapes = {tensor.name: ",".join(map(str, batch[tensor.name].shape)) for tensor in spec.inputs}
    several = ";".join(f"{name}={shape}" for name, shape in shapes.items())
    said = several if len(shapes) > 1 else next(iter(shapes.values()))
    return {"Content-Type": TYPE, "Accept": TYPE, "X-Tensor-Shape": said}


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """Tensor by tensor, row by row."""
    return b"".join(little_endian(batch[tensor.name], tensor).tobytes() for tensor in spec.inputs)


def decode(answer: bytes, rows: int, spec: ModelSpec) -> Batch:
    """So many rows of each output; ValueError where the bytes are not exactly these."""
    sizes = [rows * _row_bytes(tensor) for tensor in spec.outputs]
    if len(answer) != sum(sizes):
        wanted = " and ".join(f"{tensor.name} of {tensor.dtype}" for tensor in spec.outputs)
        raise ValueError(f"{len(answer)} bytes are not {rows} rows of {wanted}, which have {sum(sizes)}")
    found, first = {}, 0
    for tensor, size in zip(spec.outputs, sizes, strict=True):
        values = np.frombuffer(answer[first : first + size], np.dtype(tensor.dtype).newbyteorder("<"))
        found[tensor.name] = values.reshape(rows, *tensor.row_shape).astype(tensor.dtype)
        first += size
    return found


def _row_bytes(tensor: TensorSpec) -> int:
    return math.prod(tensor.row_shape) * np.dtype(tensor.dtype).itemsize
