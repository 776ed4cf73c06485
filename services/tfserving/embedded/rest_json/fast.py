"""The shortest way from a body of `{"instances": <nested numbers>}` to one array of floats or integers.

Building a Python list per pixel costs more than the model's own time, so a plain body is not parsed into lists:
simdjson checks that it is JSON and hands out all its numbers as one buffer, and the brackets and commas alone,
compared with those of a known shape, prove that no row is ragged. Whatever does not fit takes the ordinary way
(json_request), with its exact error texts; this one only ever says yes.
"""

from __future__ import annotations

import threading
from typing import Any, Literal

import numpy as np
import simdjson

from serveoff.services.tfserving.embedded.signatures import Array

PREFIX = b'{"instances"'
NUMBERS_AND_SPACE = b"0123456789.eE+- \t\r\n"
SKELETON_PREFIX = PREFIX.translate(None, NUMBERS_AND_SPACE) + b":"
KNOWN_SHAPES = 256
PARSED: dict[type, tuple[Literal["d", "i"], type]] = {
    np.float32: ("d", np.float64),
    np.int32: ("i", np.int64),
    np.int64: ("i", np.int64),
    np.uint8: ("i", np.int64),
}
"""By the type that is wanted: simdjson's name of what it parses to, and NumPy's."""


class PlainBodies:
    """Reads bodies of shapes it has seen before. Safe to share between threads."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[type, bytes], tuple[int, ...]] = {}
        self._local = threading.local()

    def learn(self, body: bytes, wanted: type, shape: tuple[int, ...]) -> None:
        """Remember the brackets of a body that the ordinary way has read as one array of this NumPy type and shape."""
        skeleton = body.translate(None, NUMBERS_AND_SPACE)
        plain = body.startswith(PREFIX) and skeleton == SKELETON_PREFIX + _brackets(shape) + b"}"
        if plain and wanted in PARSED and len(self._shapes) < KNOWN_SHAPES:
            self._shapes[wanted, skeleton] = shape

    def read(self, body: bytes, wanted: type) -> Array | None:
        """The instances as a NumPy type, or None where the ordinary way has to decide."""
        if not body.startswith(PREFIX):
            return None
        shape = self._shapes.get((wanted, body.translate(None, NUMBERS_AND_SPACE)))
        if shape is None:
            return None
        try:
            numbers = self._numbers(body, *PARSED[wanted])
        except (ValueError, TypeError, KeyError, RuntimeError):  # the last for an integer over 64 bits
            return None
        # An equal skeleton allows one number per leaf at most, so an equal count means that none is missing.
        if numbers.size != np.prod(shape) or not _holds(wanted, numbers):
            return None
        return numbers.astype(wanted).reshape(shape)

    def _numbers(self, body: bytes, of_type: Literal["d", "i"], parsed: type) -> Array:
        parser = getattr(self._local, "parser", None)
        if parser is None:
            parser = self._local.parser = simdjson.Parser()
        document: Any = parser.parse(body)
        return np.frombuffer(document["instances"].as_buffer(of_type=of_type), dtype=parsed)


def _holds(wanted: type, numbers: Array) -> bool:
    """Whether the type can hold all of these numbers, which came as float64 or int64."""
    if wanted is np.float32:
        return bool(np.abs(numbers).max(initial=0) <= np.finfo(wanted).max)
    limits = np.iinfo(wanted)
    return bool(numbers.min(initial=0) >= limits.min and numbers.max(initial=0) <= limits.max)


def _brackets(shape: tuple[int, ...]) -> bytes:
    """The JSON of an array of this shape with every number left out."""
    text = b""
    for size in reversed(shape):
        text = b"[" + b",".join([text] * size) + b"]"
    return text
