"""One row of samples as requests carry it."""

from base64 import b64encode
from typing import Any

import numpy as np
import orjson

from serveoff.models.tensors import Array, Batch, widened


def values_of(array: Array) -> Any:
    """What JSON writes for an array: numbers as they are, texts as lists, bytes as TensorFlow Serving reads them."""
    if array.dtype.kind in "biuf":
        return np.ascontiguousarray(widened(array))
    if array.dtype.kind not in "OSU":
        raise ValueError(f"JSON has no word for {array.dtype}")
    return _texts(array.tolist())


def one_row(inputs: Batch) -> dict[str, Any]:
    """By input, the one row of each."""
    return {name: values_of(array[0]) if array.ndim > 1 else _scalar(array[0]) for name, array in inputs.items()}


def dumps(found: Any) -> bytes:
    """JSON; floats are written with the fewest digits that read back as the same number of their dtype."""
    try:
        return orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _scalar(value: Any) -> Any:
    return _texts(value) if isinstance(value, bytes | str) else value


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return {"b64": b64encode(value).decode()} if isinstance(value, bytes) else value
