"""A column of nested JSON lists to an array: of exactly its shape, and of nothing that its dtype cannot hold.

The good case goes level by level, in loops that run once per rank; only a bad one is searched item by item, for its
place.
"""

from itertools import chain
from typing import Any

import numpy as np

from serveoff.models.tensors import Array
from serveoff.services.predict_v1.columns import Column
from serveoff.services.predict_v1.errors import BadInputError
from serveoff.services.predict_v1.row import Row


def read_values(column: Column, row: Row) -> Array:
    """The rows (n, *row.shape) of a column of numbers or booleans; BadInputError names the first place that is none."""
    leaves = _leaves(column.rows, row.shape)
    if leaves is not None and set(map(type, leaves)) <= row.json_types:
        try:
            return row.finite(_array(leaves, row).reshape(len(column.rows), *row.shape))
        except OverflowError:  # NumPy's word for an integer out of range
            pass
    for index, value in enumerate(column.rows):
        if fault := _fault(value, row.shape, row, column.place(index)):
            raise BadInputError(fault)
    raise AssertionError(f"nothing is wrong with {column.before}")


def _leaves(rows: list[Any], shape: tuple[int, ...]) -> list[Any] | None:
    """All that lies inside the innermost lists; None where a list is missing or has another length."""
    leaves = rows
    for size in shape:
        if not (set(map(type, leaves)) <= {list} and set(map(len, leaves)) <= {size}):
            return None
        leaves = list(chain.from_iterable(leaves))
    return leaves


def _array(leaves: list[Any], row: Row) -> Array:
    if row.dtype.kind != "f":
        return np.array(leaves, row.dtype)
    with np.errstate(over="ignore"):  # as simdjson reads them: double precision first
        return np.array(leaves, np.float64).astype(row.dtype)


def _fault(value: Any, shape: tuple[int, ...], row: Row, place: str) -> str:
    """What is wrong with a value that should have this shape, and where; empty if nothing is."""
    if not shape:
        return _leaf_fault(value, row, place)
    if not isinstance(value, list) or len(value) != shape[0]:
        found = f"{len(value)} items" if isinstance(value, list) else type(value).__name__
        return f"{place} is {found} where a list of {shape[0]} belongs (row shape {row.shape})"
    faults = (_fault(item, shape[1:], row, f"{place}[{index}]") for index, item in enumerate(value))
    return next(filter(None, faults), "")


def _leaf_fault(value: Any, row: Row, place: str) -> str:
    if type(value) not in row.json_types:
        found = repr(value) if type(value) is float else type(value).__name__
        return f"{place} is {found}, not {row.json_word} (the input {row.name!r} is {row.dtype})"
    if row.dtype.kind in "iu":
        limits = np.iinfo(row.dtype)
        if not limits.min <= value <= limits.max:
            return f"{place} is {value}: {row.dtype} holds {limits.min} to {limits.max}"
    return ""
