"""The shortest way from a body of `{"instances": <nested numbers>}` to one array of floats or integers.

Building a Python list per pixel costs more than the model's own time. Whatever does not fit takes the ordinary way
(`request`), with its exact error texts; this one only ever says yes.
"""

from functools import lru_cache

import numpy as np
import simdjson

from serveoff.models.spec import TensorSpec
from serveoff.services.predict_v1.plain import PlainRows
from serveoff.services.predict_v1.row import Row
from serveoff.services.tfserving.embedded.signatures import NUMPY_TYPES, Array, TensorInfo

PREFIX = b'{"instances"'
TYPES = frozenset({"float", "int32", "int64", "uint8"})


def plain_rows(body: bytes, info: TensorInfo) -> Array | None:
    """The instances as a signature's one input takes them, or None where the ordinary way has to decide."""
    reader = _reader(info) if body.startswith(PREFIX) else None
    if reader is None:
        return None
    try:
        document = simdjson.Parser().parse(body)
        if isinstance(document, simdjson.Object) and len(document) == 1:
            rows = document["instances"]
            return reader.read(rows, body) if isinstance(rows, simdjson.Array) else None
    except (ValueError, RuntimeError):  # no JSON, a number that is not finite; an integer over 64 bits
        pass
    return None


@lru_cache
def _reader(info: TensorInfo) -> PlainRows | None:
    """None where the rows' shape is not known, or their type is none of TYPES."""
    if info.dtype not in TYPES or not info.shape or min(info.shape[1:], default=1) < 1:
        return None
    return PlainRows(Row.of(TensorSpec(name="", shape=info.shape, dtype=np.dtype(NUMPY_TYPES[info.dtype]).name)))
