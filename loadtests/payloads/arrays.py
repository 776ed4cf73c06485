"""Arrays as they travel: little-endian bytes, and JSON lists that are read back strictly. Not an encoding by itself."""

from typing import Any

import numpy as np

from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array

READ_AS = {"f": "fiuO", "i": "iu", "u": "iu", "b": "b"}
"""Kind of an output's dtype to the kinds of numbers that JSON may hold for it; a null, an object, is no number."""


def little_endian(array: Array, tensor: TensorSpec) -> Array:
    """The rows of one tensor, C-contiguous, of its dtype, little-endian; ValueError for a dtype that is no number."""
    dtype = np.dtype(tensor.dtype)
    if dtype.kind not in READ_AS:
        raise ValueError(f"{tensor.name} is {tensor.dtype}, whose values have no fixed length")
    return np.ascontiguousarray(array, dtype=dtype.newbyteorder("<"))


def from_bfloat16(bits: Array) -> Array:
    """Numbers of that dtype, each given as an integer of its bits: the upper half of a float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def from_json(values: Any, tensor: TensorSpec) -> Array:
    """An output from the lists of a JSON document; ValueError where they are ragged or hold something else.

    A number that the dtype cannot hold is an error, too: to cut it off would make a wrong answer a right one.
    """
    return strictly(tensor.name, np.asarray(values), np.dtype(tensor.dtype), tensor.dtype)


def strictly(name: str, found: Array, dtype: "np.dtype[Any]", called: str) -> Array:
    """Numbers of a JSON document as a dtype, `called` so in messages; ValueError where they are no such numbers."""
    if found.dtype.kind not in READ_AS.get(dtype.kind, ""):
        raise ValueError(f"{name} is not made of {called} but of {found.dtype}")
    try:
        with np.errstate(over="ignore"):
            array: Array = found.astype(dtype)
    except TypeError as error:
        raise ValueError(f"{name} is not made of {called}: {error}") from None
    if dtype.kind in "iu" and (array != found).any():
        raise ValueError(f"{name} has a number that is not {called}")
    return array
