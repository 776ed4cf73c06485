"""Rows that come as JPEG or PNG files: in base64 in a column, for the signature that says so, or one as a body."""

from collections.abc import Iterable
from time import perf_counter
from typing import Final

import numpy as np

from serveoff.models.images.codec import ImageError, decode
from serveoff.models.tensors import Array
from serveoff.services.predict_v1.base64_rows import bytes_of
from serveoff.services.predict_v1.columns import Column
from serveoff.services.predict_v1.errors import BadInputError
from serveoff.services.predict_v1.row import Row

Images = tuple[Array, float]
"""Rows (n, height, width, 3), and the seconds that decoding the files took, without base64."""


MOST_BYTES: Final = 512 * 2**20
"""Of the arrays that the pictures of one request are decoded to."""


def read_column(column: Column, row: Row) -> Images:
    """The images of a column of `{"b64": "..."}`; BadInputError names the first that is none of the model's size.

    So it does, before any is decoded, where there are too many: a file of a few bytes may be a picture of one colour.
    """
    if len(column) > (most := max(1, MOST_BYTES // (row.numbers * row.dtype.itemsize))):
        raise BadInputError(f"{len(column)} images are too many: send at most {most} in one request")
    files = ((bytes_of(value, column.place(index)), column.place(index)) for index, value in enumerate(column))
    return _read(files, len(column), row)


def read_body(body: bytes, row: Row) -> Images:
    """The one image of a body that is a file."""
    return _read([(body, "the body")], 1, row)


def _read(files: Iterable[tuple[bytes, str]], count: int, row: Row) -> Images:
    images, decoding_s = np.empty((count, *row.shape), row.dtype), 0.0
    for index, (file, place) in enumerate(files):
        began_s = perf_counter()
        images[index] = _pixels(file, place, row)
        decoding_s += perf_counter() - began_s
    return images, decoding_s


def _pixels(file: bytes, place: str, row: Row) -> Array:
    height, width, _ = row.shape
    try:
        return decode(file, height, width)
    except ImageError as error:
        raise BadInputError(f"{place}: {error}") from None
