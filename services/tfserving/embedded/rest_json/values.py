"""One JSON value, however deeply nested, to one dense array; and JSON values as they stand in error texts."""

import base64
import binascii
import json
from itertools import chain
from typing import Any

import numpy as np
import orjson
import simdjson

from serveoff.services.predict_v1 import quoted
from serveoff.services.predict_v1.parsed import is_base64
from serveoff.services.tfserving.embedded.errors import Code, ServingError, invalid_argument
from serveoff.services.tfserving.embedded.signatures import NUMPY_TYPES, Array

INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"})
"""The integer types that JSON converts to; a number that does not fit one is refused."""

FLOATS = frozenset({"float", "double"})
CONVERTED = INTEGERS | FLOATS | {"bool", "string"}
"""All types that JSON converts to."""

LARGEST_RANK = 63
"""NumPy's arrays have 64 dimensions at most, and rows are stacked."""
VIEWS = (simdjson.Array, simdjson.Object)
"""simdjson's views of lists and objects, of which `mini` is the compact text."""
ENOUGH_BYTES = 400
"""Of a value's text: more than an error repeats of it."""
_WORDS: dict[type, str] = {
    dict: "Object",
    list: "Array",
    str: "String",
    int: "Number",
    float: "Number",
    simdjson.Object: "Object",
    simdjson.Array: "Array",
}


def dense_array(value: Any, dtype: str) -> Array:
    """An array of the value's own shape, measured along its first elements; ServingError where it is not dense.

    Level by level rather than element by element: the loop runs once per rank.
    """
    check_type(value, dtype)
    shape = _shape(value)
    if len(shape) > LARGEST_RANK:
        raise invalid_argument(f"JSON Value: lists are nested more than {LARGEST_RANK} deep")
    leaves = [value]
    for level, size in enumerate(shape):
        _check_level(leaves, level, size, len(shape))
        leaves = list(chain.from_iterable(leaves))
    if list in set(map(type, leaves)):
        raise invalid_argument(f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}")
    return _convert(leaves, dtype).reshape(shape)


def check_type(value: Any, dtype: str) -> None:
    """ServingError (UNIMPLEMENTED) for a type that JSON does not convert to; `value` is what should be of it."""
    if dtype not in CONVERTED:
        raise ServingError(Code.UNIMPLEMENTED, f"Conversion of JSON Value: {value_text(value)} to type: {dtype}")


def decode_base64(value: Any) -> bytes:
    """The bytes of `{"b64": "..."}`; padding may be left out, as absl's decoder allows."""
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {value_text(value)} not formatted correctly for base64 data")
    text = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None


def value_text(value: Any) -> str:
    """A JSON value for an error text, indented as TensorFlow Serving prints it, but cut."""
    try:
        found: Any = value.mini if isinstance(value, VIEWS) else orjson.dumps(value)
    except orjson.JSONEncodeError:
        return "(nested too deeply to print)"
    compact = found[:ENOUGH_BYTES].decode(errors="ignore")
    if (short := quoted(compact)) != compact:
        return short
    return quoted(json.dumps(orjson.loads(compact), indent=4, ensure_ascii=False))


def type_text(value: Any) -> str:
    """The JSON type's name as RapidJSON has it."""
    return "Null" if value is None else str(value) if isinstance(value, bool) else _WORDS[type(value)]


def in_python(value: Any) -> Any:
    """The same in Python's own lists and objects.

    Not by simdjson's `as_list`, which writes past the end of a list of more than 16,777,215 values.
    """
    return orjson.loads(value.mini) if isinstance(value, VIEWS) else value


def _shape(value: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _check_level(values: list[Any], level: int, size: int, rank: int) -> None:
    if set(map(type, values)) <= {list} and set(map(len, values)) <= {size}:
        return
    for value in values:
        if not isinstance(value, list):
            raise invalid_argument(
                f"JSON Value: {value_text(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {rank}"
            )
        if len(value) != size:
            raise invalid_argument(
                f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {size}"
            )


def _convert(leaves: list[Any], dtype: str) -> Array:
    if dtype == "string":
        return _strings(leaves)
    if dtype in FLOATS:
        return _floats(leaves, dtype)
    expected = bool if dtype == "bool" else int
    if not set(map(type, leaves)) <= {expected}:
        raise _type_error(next(leaf for leaf in leaves if type(leaf) is not expected), dtype)
    if dtype in INTEGERS:
        _check_range(leaves, dtype)
    return np.array(leaves, dtype=NUMPY_TYPES[dtype])


def _floats(leaves: list[Any], dtype: str) -> Array:
    if not set(map(type, leaves)) <= {float, int}:
        raise _type_error(next(leaf for leaf in leaves if type(leaf) not in (float, int)), dtype)
    array = np.array(leaves, dtype=np.float64)
    beyond = np.abs(array) > np.finfo(NUMPY_TYPES[dtype]).max
    if beyond.any():
        leaf = leaves[int(beyond.argmax())]
        raise invalid_argument(f"Cannot convert JSON value: {value_text(leaf)} to {dtype}: it would be infinite")
    return array.astype(NUMPY_TYPES[dtype], copy=False)


def _check_range(leaves: list[int], dtype: str) -> None:
    limits = np.iinfo(NUMPY_TYPES[dtype])
    if leaves and not limits.min <= min(leaves) <= max(leaves) <= limits.max:
        raise _type_error(next(leaf for leaf in leaves if not limits.min <= leaf <= limits.max), dtype)


def _strings(leaves: list[Any]) -> Array:
    array = np.empty(len(leaves), dtype=object)
    for index, leaf in enumerate(leaves):
        if isinstance(leaf, dict):
            array[index] = decode_base64(leaf)
        elif isinstance(leaf, str):
            array[index] = leaf.encode()
        else:
            raise _type_error(leaf, "string")
    return array


def _type_error(value: Any, dtype: str) -> ServingError:
    return invalid_argument(
        f"JSON Value: {value_text(value)} Type: {type_text(value)} is not of expected type: {dtype}"
    )
