"""Datatypes of the Open Inference Protocol (v2), which KServe, Triton, MLServer and others speak."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from serveoff.loadtests.attached.rows import texts
from serveoff.loadtests.payloads.arrays import from_bfloat16, strictly
from serveoff.models.tensors import Array

BYTES: Final = "BYTES"
BF16: Final = "BF16"
DATATYPES: Final = {
    "BOOL": np.dtype("bool"),
    **{f"{kind.upper()}{bits}": np.dtype(f"{kind}{bits}") for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
}
LENGTH_BYTES: Final = 4
"""Before each string in raw contents, little-endian."""


def datatype_of(name: str, array: Array) -> str:
    """What the protocol calls an array's dtype; ValueError where it has no word for it."""
    if array.dtype.kind in "OSU":
        return BYTES
    found = next((datatype for datatype, dtype in DATATYPES.items() if dtype == array.dtype), "")
    if not found:
        raise ValueError(f"{name} is {array.dtype}, which is none of {', '.join(DATATYPES)}")
    return found


def to_raw(array: Array) -> bytes:
    """Little-endian, row-major; strings with their lengths before them."""
    if array.dtype.kind in "OSU":
        return b"".join(len(value).to_bytes(LENGTH_BYTES, "little") + value for value in texts(array))
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def from_raw(name: str, datatype: str, shape: Sequence[int], data: bytes) -> Array:
    """The opposite; ValueError where the bytes are not those of this tensor."""
    if datatype == BYTES:
        return shaped(name, list(_strings(name, data)), datatype, shape)
    if datatype == BF16:
        return shaped(name, from_bfloat16(np.frombuffer(data, "<u2")), "FP32", shape)
    return shaped(name, np.frombuffer(data, dtype_of(name, datatype).newbyteorder("<")), datatype, shape)


def dtype_of(name: str, datatype: str) -> "np.dtype[Any]":
    """ValueError where it is none that we know."""
    if datatype not in DATATYPES:
        raise ValueError(f"{name} is of datatype {datatype}, which is none of {BYTES}, {', '.join(DATATYPES)}")
    return DATATYPES[datatype]


def shaped(name: str, values: Any, datatype: str, shape: Sequence[int]) -> Array:
    """Values, flat or nested, as an array of this datatype and shape; ValueError where they are not such."""
    array = np.array(values, dtype=object) if datatype == BYTES else _typed(name, np.array(values), datatype)
    if array.size != math.prod(shape):
        raise ValueError(f"{name} has {array.size} values, which are not of shape {list(shape)}")
    return array.reshape(tuple(shape))


def _typed(name: str, array: Array, datatype: str) -> Array:
    dtype = dtype_of(name, datatype)
    if array.dtype.kind == "O":
        raise ValueError(f"{name} is not made of {datatype} but of {array.dtype}")
    return strictly(name, array, dtype, datatype) if array.size else array.astype(dtype)


def _strings(name: str, data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        begin = place + LENGTH_BYTES
        place = begin + int.from_bytes(data[place:begin], "little")
        if place > len(data):
            raise ValueError(f"{name} ends amid a string")
        yield data[begin:place]
