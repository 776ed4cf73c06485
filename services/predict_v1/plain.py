"""The fast path: plain rows of one input, from simdjson's parser straight into an array.

Parsing 784 nested numbers into Python lists costs as much as the network itself. Whatever is not a well-formed array of
rows takes the explicit way, which also words the errors; this one only ever says yes. Only of a large body it also says
no: what it can tell from the brackets need not be parsed.
"""

from typing import Any, Literal

import numpy as np
import simdjson

from serveoff.models.tensors import Array
from serveoff.services.predict_v1.errors import BadInputError
from serveoff.services.predict_v1.row import Row

LARGE_BYTES = 64 * 1024
"""Of a body: below that, what parsing it costs is no matter."""
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
        self._limits = row.limits if row.dtype.itemsize < 8 else None

    @staticmethod
    def reads(row: Row) -> bool:
        """Whether there is a fast path for an input."""
        return row.dtype.kind in _PARSED

    def large(self, body: bytes) -> int:
        """How many rows a large body of plain rows has, by its brackets alone; 0 for another body.

        Two quotes are those around one key: then every bracket and comma is one of the rows'. BadInputError where they
        are those of another shape: so that need not be parsed.
        """
        if len(body) < LARGE_BYTES or body.count(b'"') != 2:
            return 0
        found = body.translate(None, _NOT_STRUCTURE)
        count = (len(found) - 1) // (len(self._structure) + 1)
        expected = self._nesting(count)
        if found != expected:
            row = _same(found, expected) // (len(self._structure) + 1)
            raise BadInputError(f"from row {row} on, the brackets are not those of rows of shape {self._row.shape}")
        return count

    def read(self, rows: simdjson.Array, text: bytes, count: int = 0) -> Array | None:
        """The rows, if `text` is nothing but a well-formed array of them; None for any other.

        `as_buffer` flattens whatever it is given, so the nesting is compared apart, unless `large` has counted the
        rows. The caller has made sure that every bracket and comma in the text belongs to the array: together with the
        count of numbers they leave only one possible nesting. BadInputError for a number that is not finite.
        """
        if not count:
            count = len(rows)
            found = text.translate(None, _NOT_STRUCTURE)
            if not count or len(found) != count * (len(self._structure) + 1) + 1 or found != self._nesting(count):
                return None
        return self._numbers(rows, count)

    def read_one(self, value: Any) -> Array | None:
        """One row (1, *shape), if the value is nothing but one; None for any other value."""
        if not isinstance(value, simdjson.Array):
            return None
        text: Any = value.mini  # bytes, whatever its stub says
        return self._numbers(value, 1) if text.translate(None, _NOT_STRUCTURE) == self._structure else None

    def _nesting(self, count: int) -> bytes:
        return b"[" + ((self._structure + b",") * count)[:-1] + b"]"

    def _numbers(self, array: simdjson.Array, count: int) -> Array | None:
        try:
            numbers = np.frombuffer(array.as_buffer(of_type=self._of_type), self._parsed)
        except (TypeError, ValueError):  # another kind of value, or an integer over 63 bits
            return None
        return self._converted(numbers, count) if numbers.size == count * self._row.numbers else None

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


def _same(found: bytes, expected: bytes) -> int:
    """How many bytes both begin with."""
    shorter = min(len(found), len(expected))
    differ = np.frombuffer(found, np.uint8)[:shorter] != np.frombuffer(expected, np.uint8)[:shorter]
    return int(differ.argmax()) if differ.any() else shorter
