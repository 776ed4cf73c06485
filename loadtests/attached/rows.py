"""One row of samples as JSON carries it."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import numpy as np

from serveoff.models.tensors import Array, Batch, widened

Binary = Callable[[bytes], Any]
"""How bytes that are no text are written."""


def base64(value: bytes) -> str:
    """A text."""
    return b64encode(value).decode()


def marked(value: bytes) -> dict[str, str]:
    """An object that says so, as TensorFlow Serving reads it."""
    return {"b64": base64(value)}


def one_row(inputs: Batch, binary: Binary = marked) -> dict[str, Any]:
    """By input, the one row of each: an array or a number, lists of texts or a text. ValueError for anything else."""
    return {name: _written(name, array[0:1], binary) for name, array in inputs.items()}


def finite(name: str, array: Array) -> Array:
    """The same numbers; ValueError where JSON has no word for one, which would be sent as null."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        said = "NaN" if np.isnan(array).any() else "an infinity"
        raise ValueError(f"{name} holds {said}, for which JSON has no word: leave such samples out")
    return array


def texts(array: Array) -> list[bytes]:
    """The elements of an array of texts or bytes, row-major."""
    return [value if isinstance(value, bytes) else str(value).encode() for value in np.ravel(array).tolist()]


def _written(name: str, row: Array, binary: Binary) -> Any:
    if row.dtype.kind in "biuf":
        return np.ascontiguousarray(widened(finite(name, row)))[0]
    if row.dtype.kind not in "OSU":
        raise ValueError(f"{name} is {row.dtype}, for which JSON has no word")
    return _texts(row.tolist()[0], binary)


def _texts(value: Any, binary: Binary) -> Any:
    if isinstance(value, list):
        return [_texts(inner, binary) for inner in value]
    return binary(value) if isinstance(value, bytes) else value
