"""Rows that come as JPEG or PNG files: in base64 in a column, for the signature that says so, or one as a body."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from serveoff.models.images.codec import ImageError, decode
from serveoff.models.tensors import Array
from serveoff.services.predict_v1.base64_rows import bytes_of
from serveoff.services.predict_v1.columns import Column
from serveoff.services.predict_v1.errors import BadInputError
from serveoff.services.predict_v1.row import Row

Images = tuple[Array, float]
"""Rows (n, height, width, 3), and the seconds that decoding the files took, without base64."""


def read_column(column: Column, row: Row) -> Images:
    """The images of a column of `{"b64": "..."}`; BadInputError names the first that is none of the model's size."""
    places = [column.place(index) for index in range(len(column.rows))]
    return _read([bytes_of(value, place) for value, place in zip(column.rows, places, strict=True)], places, row)


def read_body(body: bytes, row: Row) -> Images:
    """The one image of a body that is a file."""
    return _read([body], ["the body"], row)


def _read(files: Sequence[bytes], places: Sequence[str], row: Row) -> Images:
    began_s = perf_counter()
    images = np.stack([_pixels(file, place, row) for file, place in zip(files, places, strict=True)])
    return images.astype(row.dtype), perf_counter() - began_s


def _pixels(file: bytes, place: str, row: Row) -> Array:
    height, width, _ = row.shape
    try:
        return decode(file, height, width)
    except ImageError as error:
        raise BadInputError(f"{place}: {error}") from None
