"""Rows that come as JPEG or PNG files: in base64 in a column, for the signature that says so, or one as a body."""

from collections.abc import Iterable
from itertools import count
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
    places = map(column.place, count())
    return _read(((bytes_of(value, place), place) for value, place in zip(column, places, strict=False)), row)


def read_body(body: bytes, row: Row) -> Images:
    """The one image of a body that is a file."""
    return _read([(body, "the body")], row)


def _read(files: Iterable[tuple[bytes, str]], row: Row) -> Images:
    images, decoding_s = [], 0.0
    for file, place in files:
        began_s = perf_counter()
        images.append(_pixels(file, place, row))
        decoding_s += perf_counter() - began_s
    began_s = perf_counter()
    batch = np.stack(images).astype(row.dtype)
    return batch, decoding_s + perf_counter() - began_s


def _pixels(file: bytes, place: str, row: Row) -> Array:
    height, width, _ = row.shape
    try:
        return decode(file, height, width)
    except ImageError as error:
        raise BadInputError(f"{place}: {error}") from None
