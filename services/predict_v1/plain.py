"""The fast path: a body of one key and plain rows of one input, from simdjson's parser straight into an array.

Parsing 784 nested numbers into Python lists costs as much as the network itself. Whatever is not a well-formed array of
rows takes the explicit way, which also words the errors; this one only ever says yes.
"""

from typing import Any, Literal

import numpy as np
import simdjson

from serveoff.models.tensors import Array
from serveoff.services.predict_v1.row import Row

_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[],"))
_PARSED: dict[str, tuple[Literal["d", "i"], np.dtype[Any]]] = {
    "f": ("d", np.dtype(np.float64)),
    "i": ("i", np.dtype(np.int64)),
    "u": ("i", np.dtype(np.int64)),
}
"""By the kind of dtype: simdjson's name of what it parses to, and NumPy's. It has no booleans."""


class PlainRows:
    """Reads rows of numbers of one input."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._of_type, self._parsed = _PARSED[row.dtype.kind]
        self._structure = _structure(row.shape)
        self._limits = np.iinfo(row.dtype) if row.dtype.kind in "iu" and row.dtype.itemsize < 8 else None

    @staticmethod
    def reads(row: Row) -> bool:
        """Whether there is a fast path for an input."""
        return row.dtype.kind in _PARSED

    def read(self, rows: simdjson.Array, body: bytes) -> Array | None:
        """The rows, if the body is nothing but a well-formed array of them; None for any other body.

        `as_buffer` flattens whatever it is given, so the nesting is compared apart. The caller has made sure that
        the document has one key: then every bracket and comma in the body belongs to the array, and together with
        the count of numbers they leave only one possible nesting. BadInputError for a number that is not finite.
        """
        count = len(rows)
        if body.translate(None, _NOT_STRUCTURE) != b"[" + b",".join([self._structure] * count) + b"]":
            return None
        try:
            numbers = np.frombuffer(rows.as_buffer(of_type=self._of_type), self._parsed)
        except (TypeError, ValueError):  # another kind of value, or an integer over 63 bits
            return None
        if count == 0 or numbers.size != count * self._row.numbers:
            return None
        return self._converted(numbers, count)

    def _converted(self, numbers: Array, count: int) -> Array | None:
        row, limits = self._row, self._limits
        if limits is not None and (numbers.min() < limits.min or numbers.max() > limits.max):
            return None
        with np.errstate(over="ignore"):
            return row.finite(numbers.astype(row.dtype).reshape(count, *row.shape))


def _structure(shape: tuple[int, ...]) -> bytes:
    """The brackets and commas of an array: (2, 1) is written as [[],[]] without its numbers."""
    if not shape:
        return b""
    return b"[" + b",".join([_structure(shape[1:])] * shape[0]) + b"]"
