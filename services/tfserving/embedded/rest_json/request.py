"""JSON bodies to tensors, by the rules and with the texts of TensorFlow Serving (util/json_tensor.cc).

Row format: `{"instances": [...]}`, each element one row of the batch, a value or an object by input name.
Column format: `{"inputs": ...}`, a value or an object by input name. Both take `signature_name`.
"""

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
import orjson
import simdjson

from serveoff.services.predict_v1 import quoted
from serveoff.services.predict_v1.parsed import is_base64, is_list, is_object
from serveoff.services.predict_v1.plain import LARGE_BYTES
from serveoff.services.tfserving.embedded.errors import ServingError, invalid_argument
from serveoff.services.tfserving.embedded.rest_json.large import known_columns, known_rows
from serveoff.services.tfserving.embedded.rest_json.values import check_type, dense_array, in_python, value_text
from serveoff.services.tfserving.embedded.signatures import Array, TensorInfo, Tensors, shape_text

Document = Mapping[str, Any]
"""Of a large body simdjson's view, which makes a Python object of what is looked at."""
_LONG_INTEGER = re.compile(rb"(?<![\d.])\d{19}")


class Format(Enum):
    """The layout of a request, and so of its answer."""

    ROW = "instances"
    COLUMN = "inputs"


def parse_json(body: bytes) -> Document:
    """The object in a request body; ServingError where it is not JSON or not an object."""
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    document: Document = _view(body) if len(body) >= LARGE_BYTES else _parsed(body)
    if not is_object(document):
        raise invalid_argument(f"JSON Value: {value_text(document)} Is not object")
    return document


def _view(body: bytes) -> Any:
    try:
        return simdjson.Parser().parse(body)
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested too deep, or an integer over 64 bits
        raise invalid_argument(f"JSON Parse error: {error}") from None


def _parsed(body: bytes) -> Any:
    try:
        document = orjson.loads(body)
        if _LONG_INTEGER.search(body):  # orjson has made a float of it, if it is not part of one
            json.loads(body, parse_int=_in_64_bits)
    except RecursionError:
        raise invalid_argument("JSON Parse error: nested too deep") from None
    except orjson.JSONDecodeError as error:
        raise invalid_argument(f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    return document


def _in_64_bits(digits: str) -> None:
    if not -(2**63) <= float(digits) <= 2**64 or not -(2**63) <= int(digits) < 2**64:
        raise invalid_argument(f"JSON Parse error: {digits[:40]} is an integer of more than 64 bits")


def signature_name(document: Document) -> str:
    """The signature that a request names, empty for the default."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {value_text(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def predict_tensors(document: Document, inputs: Mapping[str, TensorInfo]) -> tuple[Format, Tensors]:
    """The tensors of a predict request, by input name, and its format."""
    if "instances" in document and "inputs" in document:
        raise invalid_argument(
            f"JSON Value: {value_text(document)} Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist "
        )
    layout = next((layout for layout in Format if layout.value in document), None)
    if layout is None:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    if not isinstance(document, dict):
        for info in inputs.values():
            check_type(document[layout.value], info.dtype)
    return layout, (_rows if layout is Format.ROW else _columns)(document, inputs)


def _rows(document: Document, inputs: Mapping[str, TensorInfo]) -> Tensors:
    instances = document["instances"]
    if not is_list(instances):
        raise invalid_argument(f"JSON Value: {value_text(document)} Expecting 'instances' to be an list/array")
    if not len(instances):
        raise invalid_argument(f"JSON Value: {value_text(document)} No values in 'instances' array")
    if not is_object(next(iter(instances))) and len(inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    known = None if isinstance(document, dict) else known_rows(document, inputs)
    if known is not None:
        return known
    instances = in_python(instances)
    return (_named_rows if _is_named(instances[0]) else _plain_rows)(instances, inputs)


def _plain_rows(instances: list[Any], inputs: Mapping[str, TensorInfo]) -> Tensors:
    name, info = next(iter(sorted(inputs.items())))
    try:
        return {name: dense_array(instances, info.dtype)}
    except ServingError:
        # Slow, but only on the way to an error: row by row, so that the text names the row as TF Serving does.
        return {name: _stack([_plain_row(i, row, info) for i, row in enumerate(instances)], "")}


def _plain_row(index: int, row: Any, info: TensorInfo) -> Array:
    if _is_named(row):
        raise invalid_argument(f"Expecting value/list but got object at item {index} of input list")
    try:
        return dense_array(row, info.dtype)
    except ServingError as error:
        raise _at_element(index, "", error) from None


def _named_rows(instances: list[Any], inputs: Mapping[str, TensorInfo]) -> Tensors:
    columns: dict[str, list[Array]] = {name: [] for name in sorted(inputs)}
    for index, row in enumerate(instances):
        if not _is_named(row):
            raise invalid_argument(f"Expecting object but got list at item {index} of input list")
        for name, value in row.items():
            try:
                if name not in inputs:
                    raise invalid_argument(f"JSON object: does not have named input: {quoted(name)}")
                columns[name].append(dense_array(value, inputs[name].dtype))
            except ServingError as error:
                raise _at_element(index, f" key: {quoted(name)}", error) from None
        if row.keys() != inputs.keys():
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. JSON object: {value_text(row)} "
                f"keys must be equal to: {','.join(columns)}"
            )
    return {name: _stack(rows, f" key: {name}") for name, rows in columns.items()}


def _stack(rows: list[Array], key: str) -> Array:
    first = rows[0]
    for index, row in enumerate(rows):
        if row.shape != first.shape:
            fault = f"Expecting shape {quoted(shape_text(first.shape))} but got: {quoted(shape_text(row.shape))}"
            if row.size != first.size:
                fault = f"Expecting tensor size: {first.size} but got: {row.size}"
            raise _at_element(index, key, invalid_argument(fault))
    return np.stack(rows)


def _columns(document: Document, inputs: Mapping[str, TensorInfo]) -> Tensors:
    named = _by_name(document["inputs"], inputs)
    known = None if isinstance(document, dict) else known_columns(named, inputs)
    if known is not None:
        return known
    return {name: dense_array(in_python(value), inputs[name].dtype) for name, value in named.items()}


def _by_name(value: Any, inputs: Mapping[str, TensorInfo]) -> dict[str, Any]:
    if not _is_named(value):
        if len(inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        return {next(iter(inputs)): value}
    for name in inputs:
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return {name: value[name] for name in inputs}


def _is_named(value: Any) -> bool:
    return is_object(value) and not is_base64(value)


def _at_element(index: int, key: str, error: ServingError) -> ServingError:
    return invalid_argument(f"Failed to process element: {index}{key} of 'instances' list. Error: {error.status}")
