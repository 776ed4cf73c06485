"""The shortest way from a body of `{"instances": <nested numbers>}` to one array of floats or integers.

Building a Python list per pixel costs more than the model's own time. Whatever does not fit takes the ordinary way
(`request`), with its exact error texts; this one only ever says yes.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import simdjson

from serveoff.models.spec import TensorSpec
from serveoff.services.predict_v1 import BadInputError, Codec
from serveoff.services.predict_v1.plain import LARGE_BYTES, PlainRows
from serveoff.services.predict_v1.row import Row
from serveoff.services.tfserving.embedded.errors import invalid_argument
from serveoff.services.tfserving.embedded.signatures import DEFAULT_SIGNATURE, NUMPY_TYPES, Array, TensorInfo

PREFIX = b'{"instances"'
SCALAR_COLUMN = (-1, 1)
"""The shape of rows that may come as bare numbers, too: TensorFlow Serving's own examples do."""
TYPES = frozenset({"float", "int32", "int64", "uint8"})


def plain_rows(body: bytes, info: TensorInfo) -> Array | None:
    """The instances as a signature's one input takes them, or None where the ordinary way has to decide.

    ServingError for a large body whose brackets are not theirs.
    """
    reader = _reader(info) if body.startswith(PREFIX) else None
    if reader is None:
        return None
    count = 0 if info.shape == SCALAR_COLUMN else _large(reader, body)
    try:
        document = simdjson.Parser().parse(body)
        if isinstance(document, simdjson.Object) and len(document) == 1:
            rows = document["instances"]
            return reader.read(rows, body, count) if isinstance(rows, simdjson.Array) else None
    except (ValueError, RuntimeError):  # no JSON, a number that is not finite; an integer over 64 bits
        pass
    return None


def check_large(body: bytes, inputs: Mapping[str, TensorInfo]) -> None:
    """ServingError for a large body that is no request for these inputs, before Python's objects are made of it.

    Of the default signature only. Those objects take some thirty times the memory of the text. Nothing is looked at
    where shape or type of a row are not known: there anything may be right.
    """
    codec = _codec(tuple(inputs.items())) if len(body) >= LARGE_BYTES else None
    if codec is None:
        return
    try:
        document = simdjson.Parser().parse(body)
        if isinstance(document, simdjson.Object) and document.get("signature_name", "") in ("", DEFAULT_SIGNATURE):
            codec.read(document)
    except BadInputError as error:
        raise invalid_argument(str(error)) from None
    except (ValueError, RuntimeError):  # no JSON, which the ordinary way tells
        pass


def _large(reader: PlainRows, body: bytes) -> int:
    try:
        return reader.large(body)
    except BadInputError as error:
        raise invalid_argument(str(error)) from None


@lru_cache
def _reader(info: TensorInfo) -> PlainRows | None:
    """None where the rows' shape is not known, or their type is none of TYPES."""
    tensor = _tensor("", info) if info.dtype in TYPES else None
    return None if tensor is None else PlainRows(Row.of(tensor))


@lru_cache
def _codec(inputs: tuple[tuple[str, TensorInfo], ...]) -> Codec | None:
    """None where the rows of an input are not known, or may come in two ways."""
    tensors = [_tensor(name, info) for name, info in inputs if info.shape != SCALAR_COLUMN]
    known = [tensor for tensor in tensors if tensor is not None]
    return Codec(known) if len(known) == len(inputs) else None


def _tensor(name: str, info: TensorInfo) -> TensorSpec | None:
    """None where the shape of a row is not known, or its type is no number."""
    dtype = np.dtype(NUMPY_TYPES.get(info.dtype, np.object_))
    if dtype.hasobject or not info.shape or min(info.shape[1:], default=1) < 1:
        return None
    return TensorSpec(name=name, shape=info.shape, dtype=dtype.name)
