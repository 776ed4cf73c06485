"""Request bodies to arrays and arrays to answers: TF Serving's REST JSON, base64 in it, and raw float32.

https://www.tensorflow.org/tfx/serving/api_rest describes the row format (`instances`) and the columnar format
(`inputs`). Parsing 784 nested numbers into Python lists costs as much as the network itself, so the usual body,
one array of rows, goes from simdjson straight into a buffer; everything else takes the explicit way. There a row may
also be `{"b64": "..."}`, its little-endian float32 bytes, with or without the signature that TensorFlow Serving needs.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import simdjson

from models.formats import Batch
from models.spec import BYTES_SIGNATURE, TensorSpec

SIGNATURE = "serving_default"
_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[],"))
_FLOAT32 = np.dtype("<f4")


class BadInputError(ValueError):
    """A request body that cannot be a batch; the message says what is wrong and what belongs there."""


class BadOutputError(Exception):
    """The model answered something that JSON cannot say."""


@dataclass(frozen=True)
class Decoded:
    """A batch and the key under which its answer belongs: `predictions` for rows, `outputs` for columns."""

    batch: Batch
    answer_key: str


ANSWER_KEYS = {"instances": "predictions", "inputs": "outputs"}


class Codec:
    """Reads batches of one input tensor."""

    def __init__(self, tensor: TensorSpec) -> None:
        self._names = {SIGNATURE: tensor.name, BYTES_SIGNATURE: tensor.bytes_name}
        self._row_shape = tensor.row_shape
        self._row_size = int(np.prod(tensor.row_shape))
        self._row_structure = _structure(tensor.row_shape)

    def decode_json(self, body: bytes) -> Decoded:
        """A batch (n, *row_shape) from a JSON body; BadInputError if it is not one."""
        document = _parse(body)
        if len(document) == 1:
            for key in ANSWER_KEYS:
                rows = document.get(key)
                if isinstance(rows, simdjson.Array) and (batch := self._fast(rows, body)) is not None:
                    return Decoded(_finite(batch), ANSWER_KEYS[key])
        return self._explicit(document.as_dict())

    def decode_raw(self, body: bytes, shape: str | None) -> Decoded:
        """A batch from little-endian float32 bytes and the value of X-Tensor-Shape."""
        if shape is None:
            raise BadInputError(f"a raw body needs the header X-Tensor-Shape: {self._shape_text('n')}")
        sizes = tuple(int(size) for size in shape.split(",") if size.strip().isdecimal())
        if len(sizes) != shape.count(",") + 1 or sizes[1:] != self._row_shape or sizes[0] < 1:
            raise BadInputError(f"X-Tensor-Shape is {shape!r}: use {self._shape_text('n')} with n of 1 or more")
        expected = sizes[0] * self._row_size * _FLOAT32.itemsize
        if len(body) != expected:
            raise BadInputError(f"the body has {len(body)} bytes; shape {shape} of float32 needs {expected}")
        return Decoded(_finite(np.frombuffer(body, _FLOAT32).astype(np.float32).reshape(sizes)), "predictions")

    def _fast(self, rows: simdjson.Array, body: bytes) -> Batch | None:
        """The batch, if the body is nothing but a well-formed array of rows; None for any other body.

        `as_buffer` flattens whatever it is given, so the nesting is compared apart. The caller has made sure that
        the document has one key: then every bracket and comma in the body belongs to the array, and together with
        the count of numbers they leave only one possible nesting.
        """
        count = len(rows)
        if body.translate(None, _NOT_STRUCTURE) != b"[" + b",".join([self._row_structure] * count) + b"]":
            return None
        try:
            numbers = np.frombuffer(rows.as_buffer(of_type="d"))
        except TypeError:
            return None
        if count == 0 or numbers.size != count * self._row_size:
            return None
        with np.errstate(over="ignore"):
            return numbers.astype(np.float32).reshape(count, *self._row_shape)

    def _explicit(self, document: dict[str, Any]) -> Decoded:
        signature = document.get("signature_name", SIGNATURE)
        name = self._names.get(signature) if isinstance(signature, str) else None
        if name is None:
            raise BadInputError(f"no signature {signature!r}: this model has {' and '.join(map(repr, self._names))}")
        keys = [key for key in ANSWER_KEYS if key in document]
        if len(keys) != 1:
            raise BadInputError("the body needs either `instances` (rows) or `inputs` (columns), and not both")
        key = keys[0]
        rows = _unnamed_rows(document[key], name) if key == "instances" else _unnamed(document[key], name, key)
        if not isinstance(rows, list) or not rows:
            raise BadInputError(f"{key} must be a list of at least one row")
        as_bytes = signature == BYTES_SIGNATURE or isinstance(rows[0], dict)
        batch = self._from_base64(rows, key) if as_bytes else self._from_numbers(rows, key)
        return Decoded(_finite(batch), ANSWER_KEYS[key])

    def _from_base64(self, rows: list[Any], key: str) -> Batch:
        size = self._row_size * _FLOAT32.itemsize
        data = b"".join([_row_bytes(row, size, f"{key}[{index}]") for index, row in enumerate(rows)])
        return np.frombuffer(data, _FLOAT32).astype(np.float32).reshape(len(rows), *self._row_shape)

    def _from_numbers(self, rows: list[Any], key: str) -> Batch:
        numbers: list[float] = []
        _flatten(rows, (len(rows), *self._row_shape), key, numbers)
        with np.errstate(over="ignore"):
            return np.array(numbers, np.float64).astype(np.float32).reshape(len(rows), *self._row_shape)

    def _shape_text(self, batch: str) -> str:
        return ",".join([batch, *map(str, self._row_shape)])


def encode_json(outputs: Batch, answer_key: str) -> bytes:
    """`{"predictions": [...]}`; BadOutputError where JSON has no word for a number (NaN, infinity)."""
    if not np.isfinite(outputs).all():
        raise BadOutputError("the model answered NaN or infinity for this input")
    return orjson.dumps({answer_key: outputs}, option=orjson.OPT_SERIALIZE_NUMPY)


def encode_raw(outputs: Batch) -> tuple[bytes, str]:
    """Little-endian float32 bytes and the value of X-Tensor-Shape."""
    return outputs.astype(_FLOAT32, copy=False).tobytes(), ",".join(map(str, outputs.shape))


def _parse(body: bytes) -> simdjson.Object:
    try:
        document = simdjson.Parser().parse(body)
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested too deep, or an integer over 64 bits
        raise BadInputError(f"the body is not JSON that can be read: {error}") from None
    if not isinstance(document, simdjson.Object):
        raise BadInputError('the body must be a JSON object: {"instances": [...]}')
    return document


def _structure(shape: tuple[int, ...]) -> bytes:
    """The brackets and commas of an array: (2, 1) is written as [[],[]] without its numbers."""
    if not shape:
        return b""
    return b"[" + b",".join([_structure(shape[1:])] * shape[0]) + b"]"


def _unnamed_rows(rows: Any, name: str) -> Any:
    if not isinstance(rows, list):
        return rows
    if len({isinstance(row, dict) for row in rows}) > 1:
        raise BadInputError("instances must all be named, all be base64, or all be lists of numbers")
    return [_unnamed(row, name, f"instances[{index}]") for index, row in enumerate(rows)]


def _unnamed(value: Any, name: str, place: str) -> Any:
    """What stands under the input's name, where the client gave it."""
    if not isinstance(value, dict) or _is_base64(value):
        return value
    if set(value) != {name}:
        names = ", ".join(sorted(value)) or "nothing"
        raise BadInputError(f"{place} names {names}: this model takes {name!r}")
    return value[name]


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _row_bytes(row: Any, size: int, place: str) -> bytes:
    """The bytes of one row written as `{"b64": "..."}`, or what is wrong with it."""
    if not _is_base64(row):
        raise BadInputError(f'{place} is {type(row).__name__} where {{"b64": "..."}} belongs')
    try:
        data = b64decode(row["b64"], validate=True)
    except ValueError as error:
        raise BadInputError(f"{place} is not base64: {error}") from None
    if len(data) != size:
        raise BadInputError(f"{place} has {len(data)} bytes; a row of float32 has {size}")
    return data


def _flatten(value: Any, shape: tuple[int, ...], place: str, numbers: list[float]) -> None:
    """Append the numbers of a nested list of exactly this shape, or say where it differs."""
    if not shape:
        if type(value) not in (int, float):  # bool is an int to isinstance
            raise BadInputError(f"{place} is {type(value).__name__}, not a number")
        numbers.append(value)
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        found = f"{len(value)} items" if isinstance(value, list) else type(value).__name__
        raise BadInputError(f"{place} is {found} where a list of {shape[0]} belongs (row shape {shape})")
    for index, item in enumerate(value):
        _flatten(item, shape[1:], f"{place}[{index}]", numbers)


def _finite(batch: Batch) -> Batch:
    if not np.isfinite(batch).all():
        raise BadInputError("the input holds a number that is not finite in float32")
    return batch
