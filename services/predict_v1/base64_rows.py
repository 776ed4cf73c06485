"""A column of `{"b64": "..."}` to an array: each row the little-endian bytes of its numbers.

What TensorFlow Serving needs the signature `serveoff.models.spec.BYTES_SIGNATURE` for; here a row may be so without
it, too.
"""

from base64 import b64decode
from typing import Any

from serveoff.models.tensors import Array
from serveoff.services.predict_v1.columns import Column
from serveoff.services.predict_v1.errors import BadInputError
from serveoff.services.predict_v1.parsed import is_base64, word
from serveoff.services.predict_v1.row import Row


def read_base64(column: Column, row: Row) -> Array:
    """The rows (n, *row.shape) of a column; BadInputError names the first that is not the bytes of one."""
    data = bytearray()
    for index, value in enumerate(column):
        data += _row_bytes(value, row, column.place(index))
    return row.read(data, len(column))


def bytes_of(value: Any, place: str) -> bytes:
    """What `{"b64": "..."}` holds; BadInputError where the value at this place is something else."""
    if not is_base64(value):
        raise BadInputError(f'{place} is {word(value)} where {{"b64": "..."}} belongs')
    try:
        return b64decode(value["b64"], validate=True)
    except ValueError as error:
        raise BadInputError(f"{place} is not base64: {error}") from None


def _row_bytes(value: Any, row: Row, place: str) -> bytes:
    data = bytes_of(value, place)
    if len(data) != row.row_bytes:
        raise BadInputError(f"{place} has {len(data)} bytes; a row of {row.dtype} has {row.row_bytes}")
    return data
