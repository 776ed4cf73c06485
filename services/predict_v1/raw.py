"""Raw bodies: the little-endian bytes of the arrays, one after another, and their shapes in the header X-Tensor-Shape.

One array has `n,28,28,1`; several have `tokens=n,16;mask=n,16`, in the order of the model's spec.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np

from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Batch
from serveoff.services.predict_v1.errors import BadInputError, quoted
from serveoff.services.predict_v1.row import Row

HEADER = "X-Tensor-Shape"
_MOST_DIGITS = 18
"""Of a size: more is no size of anything, and Python refuses to read numbers of thousands of digits."""


def decode(body: bytes, shape: str | None, inputs: Sequence[Row]) -> Batch:
    """A batch from a body and the header's value; BadInputError where they do not fit each other or the model."""
    if shape is None:
        raise BadInputError(f"a raw body needs the header {HEADER}: {shapes_text(inputs)}")
    rows = _rows(shape, inputs[0]) if len(inputs) == 1 else _rows_of_several(shape, inputs)
    if not rows:
        raise _misfit(shape, inputs)
    sizes = [rows * row.row_bytes for row in inputs]
    if len(body) != sum(sizes):
        dtypes = " and ".join(dict.fromkeys(str(row.dtype) for row in inputs))
        raise BadInputError(f"the body has {len(body)} bytes; shape {quoted(shape)} of {dtypes} needs {sum(sizes)}")
    parts = _cut(body, sizes)
    return {row.name: row.read(part, rows) for row, part in zip(inputs, parts, strict=True)}


def decode_apart(bodies: Mapping[str, bytes], shapes: Mapping[str, str], inputs: Sequence[Row]) -> Batch:
    """A batch from the bytes and the shape of each input, by name; BadInputError as for `decode`."""
    names = [row.name for row in inputs]
    if set(bodies) != set(names) or set(shapes) != set(names):
        found = quoted(", ".join(sorted(set(bodies) & set(shapes)))) or "nothing"
        raise BadInputError(f"bytes and shape came for {found}: this model takes {', '.join(map(repr, names))}")
    batch = {row.name: decode(bodies[row.name], shapes[row.name], [row])[row.name] for row in inputs}
    if len({len(array) for array in batch.values()}) > 1:
        raise _misfit(shapes_text(inputs, shapes), inputs)
    return batch


def encode(outputs: Batch, tensors: Sequence[TensorSpec]) -> tuple[bytes, str]:
    """The bytes of the outputs in the order of the spec's tensors, and the value of X-Tensor-Shape."""
    parts = [outputs[tensor.name].astype(_wire(tensor.dtype), copy=False) for tensor in tensors]
    sizes = [",".join(map(str, part.shape)) for part in parts]
    if len(parts) == 1:
        return parts[0].tobytes(), sizes[0]
    shapes = ";".join(f"{tensor.name}={size}" for tensor, size in zip(tensors, sizes, strict=True))
    return b"".join(part.tobytes() for part in parts), shapes


@cache
def _wire(dtype: str) -> np.dtype[Any]:
    return np.dtype(dtype).newbyteorder("<")


def shapes_text(inputs: Sequence[Row], shapes: Mapping[str, str] | None = None) -> str:
    """What belongs into the header, with n for the number of rows; or these shapes, written as the header has them."""
    texts = {row.name: row.shape_text() for row in inputs} if shapes is None else shapes
    if len(inputs) == 1:
        return texts[inputs[0].name]
    return ";".join(f"{row.name}={texts[row.name]}" for row in inputs)


def _rows_of_several(header: str, inputs: Sequence[Row]) -> int:
    """How many rows all of the named shapes say, which must come in the order of the bytes; 0 where they do not."""
    pairs = [part.rpartition("=") for part in header.split(";")]
    if [name.strip() for name, _, _ in pairs] != [row.name for row in inputs]:
        return 0
    counts = {_rows(shape, row) for row, (_, _, shape) in zip(inputs, pairs, strict=True)}
    return counts.pop() if len(counts) == 1 else 0


def _cut(body: bytes, sizes: Sequence[int]) -> Sequence[bytes | memoryview]:
    if len(sizes) == 1:
        return [body]
    view, ends = memoryview(body), list(accumulate(sizes))
    return [view[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _rows(shape: str, row: Row) -> int:
    """How many rows a shape says; 0 where it is no shape of this input's rows."""
    sizes = [size.strip() for size in shape.split(",")]
    if not all(size.isdecimal() and len(size) <= _MOST_DIGITS for size in sizes):
        return 0
    rows, *rest = map(int, sizes)
    return rows if tuple(rest) == row.shape else 0


def _misfit(header: str, inputs: Sequence[Row]) -> BadInputError:
    return BadInputError(f"{HEADER} is {quoted(repr(header))}: use {shapes_text(inputs)} with n of 1 or more")
