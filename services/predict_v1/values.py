"""A column of nested JSON lists to an array: of exactly its shape, and of nothing that its dtype cannot hold.

The good case goes level by level, in loops that run once per rank; only a bad one is searched item by item, for its
place. simdjson's rows are read by the fast path where it reads them, and searched before Python's objects are made
of them.
"""

from collections.abc import Collection
from itertools import chain
from typing import Any

import numpy as np

from serveoff.models.tensors import Array
from serveoff.services.predict_v1.columns import Column
from serveoff.services.predict_v1.errors import BadInputError, quoted
from serveoff.services.predict_v1.parsed import as_python, is_list, word
from serveoff.services.predict_v1.plain import PlainRows
from serveoff.services.predict_v1.row import Row


def read_values(column: Column, row: Row, plain: PlainRows | None) -> Array:
    """The rows (n, *row.shape) of a column of numbers or booleans; BadInputError names the first place that is none.

    plain: the fast path of this input's rows, if it has one.
    """
    views = not isinstance(column.rows, list)
    array = _read_plain(column, row, plain) if views and plain is not None else None
    if array is not None:
        return array
    if views:
        _check(column, row, plain)
    leaves = _leaves(list(map(as_python, column)), row.shape)
    if leaves is not None and set(map(type, leaves)) <= row.json_types:
        try:
            return row.finite(_array(leaves, row).reshape(-1, *row.shape))
        except OverflowError:  # NumPy's word for an integer out of range
            if row.dtype.kind == "f":
                raise row.not_finite() from None
    _check(column, row, None)
    raise AssertionError(f"nothing is wrong with {column.before}")


def _read_plain(column: Column, row: Row, plain: PlainRows) -> Array | None:
    if not column.named:
        return plain.read(column.rows, column.rows.mini)
    data = bytearray()
    for value in column:
        array = plain.read_one(value)
        if array is None:
            return None
        data += array.data
    return np.frombuffer(data, row.dtype).reshape(-1, *row.shape)


def _check(column: Column, row: Row, plain: PlainRows | None) -> None:
    for index, value in enumerate(column):
        if plain is not None and plain.read_one(value) is not None:
            continue
        if fault := _fault(value, row.shape, row, column.place(index)):
            raise BadInputError(fault)


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
    if not is_list(value) or len(value) != shape[0]:
        found = f"{len(value)} items" if is_list(value) else word(value)
        return f"{place} is {found} where a list of {shape[0]} belongs (row shape {row.shape})"
    if len(shape) == 1 and _all_right(value, row):
        return ""
    faults = (_fault(item, shape[1:], row, f"{place}[{index}]") for index, item in enumerate(value))
    return next(filter(None, faults), "")


def _all_right(leaves: Collection[Any], row: Row) -> bool:
    """Whether no leaf has a fault: quicker than to ask each."""
    if not set(map(type, leaves)) <= row.json_types:
        return False
    return row.limits is None or row.limits.min <= min(leaves) <= max(leaves) <= row.limits.max


def _leaf_fault(value: Any, row: Row, place: str) -> str:
    if type(value) not in row.json_types:
        found = repr(value) if type(value) is float else word(value)
        return f"{place} is {found}, not {row.json_word} (the input {row.name!r} is {row.dtype})"
    if row.limits is not None and not row.limits.min <= value <= row.limits.max:
        return f"{place} is {quoted(str(value))}: {row.dtype} holds {row.limits.min} to {row.limits.max}"
    return ""
