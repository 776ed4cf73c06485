"""One input tensor as request bodies hold it: what a row of it is made of, in JSON and in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array
from serveoff.services.predict_v1.errors import BadInputError

_JSON_TYPES: dict[str, frozenset[type]] = {
    "f": frozenset({int, float}),  # bool is an int to isinstance, and so is not looked for by that
    "i": frozenset({int}),
    "u": frozenset({int}),
    "b": frozenset({bool}),
}
_JSON_WORDS = {"f": "a number", "i": "an integer", "u": "an integer", "b": "true or false"}


@dataclass(frozen=True)
class Row:
    """One row of an input tensor. `wire` is its dtype in bytes, little-endian; `dtype` is the machine's own."""

    name: str
    bytes_name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    wire: np.dtype[Any]
    numbers: int
    json_types: frozenset[type]
    """What the numbers may be once Python has read the JSON: 1.0 is no integer, as in TensorFlow Serving."""
    json_word: str
    limits: np.iinfo[Any] | None
    """Of its integers; None for other dtypes."""

    @classmethod
    def of(cls, tensor: TensorSpec) -> Row:
        """The row of a tensor of the spec; KeyError for a dtype that is neither a number nor a boolean."""
        dtype = np.dtype(tensor.dtype)
        types, word = _JSON_TYPES[dtype.kind], _JSON_WORDS[dtype.kind]
        numbers, wire = prod(tensor.row_shape), dtype.newbyteorder("<")
        limits = np.iinfo(dtype) if dtype.kind in "iu" else None
        return cls(tensor.name, tensor.bytes_name, tensor.row_shape, dtype, wire, numbers, types, word, limits)

    @property
    def row_bytes(self) -> int:
        """Of one row on the wire."""
        return self.numbers * self.wire.itemsize

    def read(self, data: bytes | bytearray | memoryview, rows: int) -> Array:
        """So many rows (rows, *shape) from their bytes, row-major, as many as there must be; writable."""
        if self.dtype.kind == "b" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
            raise BadInputError(f"the input {self.name!r} is bool: each byte must be 0 or 1")
        return self.finite(np.frombuffer(data, self.wire).astype(self.dtype).reshape(rows, *self.shape))

    def finite(self, array: Array) -> Array:
        """The same array; BadInputError if it holds NaN or infinity, also by being too large for its dtype."""
        if self.dtype.kind == "f" and not np.isfinite(array).all():
            raise self.not_finite()
        return array

    def not_finite(self) -> BadInputError:
        """What is wrong with a number that its dtype can only hold as infinity, or not at all."""
        return BadInputError(f"the input {self.name!r} holds a number that is not finite in {self.dtype}")

    def shape_text(self, rows: str = "n") -> str:
        """The value of X-Tensor-Shape: `n,28,28,1`."""
        return ",".join([rows, *map(str, self.shape)])
