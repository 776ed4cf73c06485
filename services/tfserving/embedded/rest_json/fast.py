"""The shortest way from a body of `{"instances": <nested numbers>}` to one array of floats or integers.

Building a Python list per pixel costs more than the model's own time. Whatever does not fit takes the ordinary way
(`request`), with its exact error texts; this one only ever says yes. Only of a large body it also says no.
"""

from functools import lru_cache

import simdjson

from serveoff.services.predict_v1.plain import PlainRows
from serveoff.services.tfserving.embedded.rest_json.large import SCALAR_COLUMN, in_our_words, reader_of
from serveoff.services.tfserving.embedded.signatures import Array, TensorInfo

PREFIX = b'{"instances"'
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


def _large(reader: PlainRows, body: bytes) -> int:
    with in_our_words():
        return reader.large(body)


@lru_cache
def _reader(info: TensorInfo) -> PlainRows | None:
    """None where the rows' shape is not known, or their type is none of TYPES."""
    found = reader_of("", info) if info.dtype in TYPES else None
    return None if found is None else found[1]
