"""A large body's tensors from simdjson's view of it, where shape and type of the rows are known.

Python's objects take some thirty times the memory of the text. A body that is no request costs here what was read of it
up to its first fault, and not an object for each of its values. Its faults are told in our own words.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from serveoff.models.spec import TensorSpec
from serveoff.services.predict_v1 import BadInputError
from serveoff.services.predict_v1.columns import Column, columns
from serveoff.services.predict_v1.parsed import is_list
from serveoff.services.predict_v1.plain import PlainRows
from serveoff.services.predict_v1.row import Row
from serveoff.services.predict_v1.values import read_values
from serveoff.services.tfserving.embedded.errors import invalid_argument
from serveoff.services.tfserving.embedded.rest_json.values import dense_array
from serveoff.services.tfserving.embedded.signatures import NUMPY_TYPES, Array, TensorInfo, Tensors

SCALAR_COLUMN = (-1, 1)
"""The shape of rows that may come as bare numbers, too: TensorFlow Serving's own examples do."""


def known_rows(document: Any, inputs: Mapping[str, TensorInfo]) -> Tensors | None:
    """The tensors of a request with `instances`, by input name; ServingError at its first fault.

    None where shape or type of a row are not known: there anything may be right.
    """
    if not _all_known(inputs):
        return None
    with in_our_words():
        return _arrays(columns(document, list(inputs))[1], inputs)


def known_columns(named: Mapping[str, Any], inputs: Mapping[str, TensorInfo]) -> Tensors | None:
    """The same of the columns of a request with `inputs`, by input name."""
    if not _all_known(inputs):
        return None
    with in_our_words():
        return _arrays([Column(named[name], f"inputs.{name}") for name in inputs], inputs)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Make a BadInputError of the block a ServingError, which ends the request with status 400."""
    try:
        yield
    except BadInputError as error:
        raise invalid_argument(str(error)) from None


@lru_cache
def reader_of(name: str, info: TensorInfo) -> tuple[Row, PlainRows | None] | None:
    """A row of an input and its fast path, if any; None where its shape is not known or its type is no number."""
    dtype = np.dtype(NUMPY_TYPES.get(info.dtype, np.object_))
    if dtype.hasobject or not info.shape or min(info.shape[1:], default=1) < 1:
        return None
    row = Row.of(TensorSpec(name=name, shape=info.shape, dtype=dtype.name))
    return row, PlainRows(row) if PlainRows.reads(row) else None


def _all_known(inputs: Mapping[str, TensorInfo]) -> bool:
    return all(reader_of(name, info) is not None for name, info in inputs.items())


def _arrays(found: list[Column], inputs: Mapping[str, TensorInfo]) -> Tensors:
    return {name: _array(column, name, info) for column, (name, info) in zip(found, inputs.items(), strict=True)}


def _array(column: Column, name: str, info: TensorInfo) -> Array:
    if not is_list(column.rows) or not len(column.rows):  # one value, or none
        return dense_array([] if is_list(column.rows) else column.rows, info.dtype)
    if info.shape == SCALAR_COLUMN and not is_list(column.first):
        info = TensorInfo(info.name, info.dtype, (-1,))
    reader = reader_of(name, info)
    assert reader is not None
    return read_values(column, *reader)
