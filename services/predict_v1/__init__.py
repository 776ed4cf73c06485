"""Request bodies to batches and batches to answers: TF Serving's REST JSON, base64 in it, raw bytes, image files.

A module for each concept: `columns` finds the inputs' rows in a document, `values`, `base64_rows` and `image_files`
read them, `plain` is the fast path for the usual body, `parsed` is JSON as simdjson or Python has it, `raw` is for
bytes both ways, `answers` writes JSON, `row` knows a tensor's rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import simdjson

from serveoff.models.images import TYPES as IMAGE_TYPES
from serveoff.models.spec import BYTES_SIGNATURE, IMAGE_SIGNATURE, TensorSpec
from serveoff.models.tensors import Array, Batch
from serveoff.services.predict_v1 import raw
from serveoff.services.predict_v1.answers import answer, encode_json
from serveoff.services.predict_v1.base64_rows import read_base64
from serveoff.services.predict_v1.columns import ANSWER_KEYS, check_keys, columns
from serveoff.services.predict_v1.errors import BadInputError, BadOutputError, quoted
from serveoff.services.predict_v1.parsed import is_object, word
from serveoff.services.predict_v1.plain import LARGE_BYTES, PlainRows
from serveoff.services.predict_v1.raw import encode as encode_raw
from serveoff.services.predict_v1.row import Row
from serveoff.services.predict_v1.values import read_values

__all__ = [
    "SIGNATURE",
    "BadInputError",
    "BadOutputError",
    "Codec",
    "Decoded",
    "answer",
    "encode_json",
    "encode_raw",
    "quoted",
]

SIGNATURE = "serving_default"
NO_OBJECT = 'the body must be a JSON object: {"instances": [...]}'


@dataclass(frozen=True)
class Decoded:
    """A batch and the key under which its answer belongs: `predictions` for rows, `outputs` for columns."""

    batch: Batch
    answer_key: str
    image_s: float = 0.0
    """Seconds that decoding image files took, if it came as such."""


class Codec:
    """Reads batches of a model's inputs."""

    def __init__(self, inputs: Sequence[TensorSpec]) -> None:
        self._rows = tuple(map(Row.of, inputs))
        self._names = {
            SIGNATURE: [row.name for row in self._rows],
            BYTES_SIGNATURE: [row.bytes_name for row in self._rows],
        }
        self._image = self._rows[0] if len(inputs) == 1 and inputs[0].image else None
        self.media_types = IMAGE_TYPES if self._image else ()
        """What a body may be beside JSON and raw bytes: the types of files, if rows are images."""
        if self._image is not None:
            self._names[IMAGE_SIGNATURE] = [inputs[0].encoded_name]
        self._name = self._rows[0].name
        self._plains = [PlainRows(row) if PlainRows.reads(row) else None for row in self._rows]
        self._plain = self._plains[0] if len(self._rows) == 1 else None

    def decode_json(self, body: bytes) -> Decoded:
        """A batch of the model's inputs from a JSON body; BadInputError if it is not one."""
        count = self._plain.large(body) if self._plain is not None else 0
        document = _parse(body)
        if self._plain is not None and len(document) == 1:
            for key in ANSWER_KEYS:
                rows = document.get(key)
                if isinstance(rows, simdjson.Array) and (array := self._plain.read(rows, body, count)) is not None:
                    return Decoded({self._name: array}, ANSWER_KEYS[key])
        return self.read(document)

    def check_large(self, body: bytes) -> None:
        """For who makes Python's objects of JSON: BadInputError for a large body that is no batch, before that is done.

        Those objects take some thirty times the memory of the text. Of plain rows only the key and the brackets are
        looked at, as that costs next to nothing: a body that has them right takes no more than a good one.
        """
        if len(body) < LARGE_BYTES or self._is_plain(body):
            return
        document = _parse(body)
        check_keys(document)
        self.read(document)

    def decode_raw(self, body: bytes, shape: str | None) -> Decoded:
        """A batch from the arrays' little-endian bytes and the value of X-Tensor-Shape."""
        return Decoded(raw.decode(body, shape, self._rows), "predictions")

    def decode_image(self, body: bytes) -> Decoded:
        """A batch of one row from a JPEG or PNG file; only of a model that takes images (`media_types`)."""
        if self._image is None:
            raise BadInputError("this model takes no images")
        return self._decoded(_image_reader().read_body(body, self._image), "predictions")

    def decode_apart(self, bodies: Mapping[str, bytes], shapes: Mapping[str, str]) -> Decoded:
        """A batch from each input's bytes and shape, by its name."""
        return Decoded(raw.decode_apart(bodies, shapes, self._rows), "predictions")

    def _is_plain(self, body: bytes) -> bool:
        """Whether a large body is rows of the one input, by its key and its brackets; BadInputError as `large`."""
        if self._plain is None or not self._plain.large(body):
            return False
        _, key, _ = body.split(b'"', 2)
        return key in (b"instances", b"inputs")

    def _decoded(self, images: tuple[Array, float], answer_key: str) -> Decoded:
        return Decoded({self._name: images[0]}, answer_key, images[1])

    def read(self, document: Any) -> Decoded:
        """A batch of the model's inputs from JSON that was parsed; BadInputError if it is not one."""
        if not is_object(document):
            raise BadInputError(NO_OBJECT)
        signature = document.get("signature_name", SIGNATURE)
        if signature == "":  # TensorFlow Serving's word for the default
            signature = SIGNATURE
        names = self._names.get(signature) if isinstance(signature, str) else None
        if names is None:
            asked = repr(quoted(signature)) if isinstance(signature, str) else f"of type {word(signature)}"
            raise BadInputError(f"no signature {asked}: this model has {' and '.join(map(repr, self._names))}")
        key, found = columns(document, names)
        if signature == IMAGE_SIGNATURE and self._image is not None:
            return self._decoded(_image_reader().read_column(found[0], self._image), ANSWER_KEYS[key])
        batch: Batch = {}
        for row, plain, column in zip(self._rows, self._plains, found, strict=True):
            as_bytes = signature == BYTES_SIGNATURE or is_object(column.first)
            batch[row.name] = read_base64(column, row) if as_bytes else read_values(column, row, plain)
        return Decoded(batch, ANSWER_KEYS[key])


def _image_reader() -> ModuleType:
    """The module that reads image files; it imports Pillow, which models that take no images can spare."""
    from serveoff.services.predict_v1 import image_files

    return image_files


def _parse(body: bytes) -> simdjson.Object:
    try:
        document = simdjson.Parser().parse(body)
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested too deep, or an integer over 64 bits
        raise BadInputError(f"the body is not JSON that can be read: {error}") from None
    if not isinstance(document, simdjson.Object):
        raise BadInputError(NO_OBJECT)
    return document
