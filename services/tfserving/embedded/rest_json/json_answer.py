"""Results to JSON bodies, with the keys and the rules of TensorFlow Serving (util/json_tensor.cc)."""

import base64
import json
from operator import methodcaller
from typing import Any

import numpy as np
import orjson

from serveoff.services.tfserving.embedded.errors import invalid_argument
from serveoff.services.tfserving.embedded.rest_json.request import Format
from serveoff.services.tfserving.embedded.signatures import Array, Tensors

BYTES_SUFFIX = "_bytes"
"""A string output whose name ends so is written as {"b64": ...}."""


def predictions_json(outputs: Tensors, layout: Format) -> bytes:
    """`{"predictions": [...]}` for rows, `{"outputs": ...}` for columns; bare values for a single output."""
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    if layout is Format.COLUMN:
        return to_json({"outputs": _single_or_named(outputs)})
    _check_batch(outputs)
    values = _single_or_named(outputs)
    if len(outputs) == 1:
        return to_json({"predictions": values})
    batch = len(next(iter(outputs.values())))
    return to_json({"predictions": [{name: values[name][i] for name in values} for i in range(batch)]})


def error_json(message: str) -> bytes:
    """`{"error": "..."}`."""
    return orjson.dumps({"error": message})


def to_json(value: Any) -> bytes:
    """Compact JSON; arrays and numpy scalars are written with the shortest digits that read back equal."""
    text = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    # TensorFlow Serving writes the literals NaN and Infinity, which are not JSON and which orjson writes as null.
    return json.dumps(value, default=methodcaller("tolist"), ensure_ascii=False).encode() if b"null" in text else text


def _single_or_named(outputs: Tensors) -> Any:
    values = {name: _jsonable(name, array) for name, array in outputs.items()}
    return next(iter(values.values())) if len(values) == 1 else values


def _jsonable(name: str, array: Array) -> Any:
    if array.dtype != object:
        return np.ascontiguousarray(array) if array.shape else array[()]
    as_bytes = name.endswith(BYTES_SUFFIX)
    return np.vectorize(lambda text: _string(text, as_bytes), otypes=[object])(array).tolist()


def _string(text: bytes | str, as_bytes: bool) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return {"b64": base64.b64encode(raw).decode()} if as_bytes else raw.decode(errors="replace")


def _check_batch(outputs: Tensors) -> None:
    batch = 0
    for name, array in outputs.items():
        if not array.shape:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if array.shape[0] < 1:
            raise invalid_argument(f"Tensor name: {name} has invalid batch size: {array.shape[0]}")
        if batch not in (0, array.shape[0]):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]} expecting: {batch}"
            )
        batch = array.shape[0]
