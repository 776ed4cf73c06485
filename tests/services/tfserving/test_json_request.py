from __future__ import annotations

import json

import numpy as np
import pytest

from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.rest_json.request import Format, parse_json, predict_tensors, signature_name
from serveoff.services.tfserving.embedded.signatures import TensorInfo

FLOATS = {"x": TensorInfo("x:0", "float", (-1, 2))}
TWO = {"a": TensorInfo("a:0", "float", (-1,)), "b": TensorInfo("b:0", "int32", (-1,))}
STRINGS = {"s": TensorInfo("s:0", "string", (-1,))}


def of_type(dtype):
    return {"x": TensorInfo("x:0", dtype, (-1,))}


def parse(document, inputs):
    return predict_tensors(parse_json(json.dumps(document).encode()), inputs)


def test_rows():
    layout, tensors = parse({"instances": [[1, 2.5], [3, 4]]}, FLOATS)
    assert layout is Format.ROW
    assert tensors["x"].dtype == np.float32
    np.testing.assert_array_equal(tensors["x"], [[1, 2.5], [3, 4]])


def test_rows_by_name():
    _, tensors = parse({"instances": [{"a": 1.5, "b": 2}, {"b": 4, "a": 3}]}, TWO)
    np.testing.assert_array_equal(tensors["a"], np.float32([1.5, 3]))
    np.testing.assert_array_equal(tensors["b"], np.int32([2, 4]))


def test_columns():
    layout, tensors = parse({"inputs": {"a": [1.5], "b": [2]}}, TWO)
    assert layout is Format.COLUMN
    assert {name: array.tolist() for name, array in tensors.items()} == {"a": [1.5], "b": [2]}
    assert parse({"inputs": [[1, 2]]}, FLOATS)[1]["x"].shape == (1, 2)
    assert parse({"inputs": 3.5}, FLOATS)[1]["x"].shape == ()


def test_strings_and_base64():
    _, tensors = parse({"instances": ["ü", {"b64": "/wA="}, {"b64": "/wA"}]}, STRINGS)
    assert tensors["s"].tolist() == ["ü".encode(), b"\xff\x00", b"\xff\x00"]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("bool", [True, False]), ("int64", [-(2**63), 2**63 - 1]), ("uint64", [2**64 - 1]), ("double", [0.1, 1e300])],
)
def test_types(dtype, values):
    tensor = parse({"instances": values}, of_type(dtype))[1]["x"]
    assert tensor.tolist() == values


def test_an_integer_that_a_float_cannot_hold_is_rounded():
    assert parse({"instances": [2**24 + 1, 2**63]}, of_type("float"))[1]["x"].tolist() == [2**24, 2**63]


def _nested(depth):
    return [_nested(depth - 1)] if depth else 1


REFUSED = {
    "both": ({"instances": [1], "inputs": [1]}, FLOATS, "expecting only one of 'inputs' or 'instances' keys to exist"),
    "neither": ({}, FLOATS, "Missing 'inputs' or 'instances' key"),
    "no list": ({"instances": 1}, FLOATS, "Expecting 'instances' to be an list/array"),
    "empty": ({"instances": []}, FLOATS, "No values in 'instances' array"),
    "plain list for two inputs": (
        {"instances": [1.0]},
        TWO,
        "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
        "tensorinfo_map",
    ),
    "plain columns for two inputs": ({"inputs": [1.0]}, TWO, "inputs is a plain value/list, but expecting an object"),
    "unknown name": (
        {"instances": [{"z": 1}]},
        FLOATS,
        "Failed to process element: 0 key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have "
        "named input: z",
    ),
    "missing name": ({"instances": [{"a": 1.0}]}, TWO, "keys must be equal to: a,b"),
    "missing column": ({"inputs": {"a": [1.0]}}, TWO, "Missing named input: b in 'inputs' object."),
    "object after list": (
        {"instances": [[1, 2], {"x": [1, 2]}]},
        FLOATS,
        "Expecting value/list but got object at item 1 of input list",
    ),
    "list after object": (
        {"instances": [{"x": [1, 2]}, [1, 2]]},
        FLOATS,
        "Expecting object but got list at item 1 of input list",
    ),
    "rows of two sizes": (
        {"instances": [[1, 2], [1]]},
        FLOATS,
        "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: "
        "1",
    ),
    "rows of two shapes": ({"instances": [[[1, 2]], [[1], [2]]]}, FLOATS, "Expecting shape [1,2] but got: [2,1]"),
    "ragged row": (
        {"instances": [[[1, 2], [3]]]},
        FLOATS,
        "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ),
    "number among lists": (
        {"inputs": [[1], 2]},
        FLOATS,
        "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
    ),
    "list among numbers": ({"inputs": [1, [2]]}, FLOATS, "Encountered list at unexpected level: 1 expected < 1"),
    "string": ({"inputs": ["a"]}, FLOATS, 'JSON Value: "a" Type: String is not of expected type: float'),
    "boolean": ({"inputs": [True]}, FLOATS, "JSON Value: true Type: True is not of expected type: float"),
    "null": ({"inputs": [None]}, FLOATS, "JSON Value: null Type: Null is not of expected type: float"),
    "object": ({"inputs": [{"a": 1}]}, FLOATS, "Type: Object is not of expected type: float"),
    "fraction": ({"inputs": [1.5]}, of_type("int32"), "JSON Value: 1.5 Type: Number is not of expected type: int32"),
    "too large": ({"inputs": [2**31]}, of_type("int32"), "Type: Number is not of expected type: int32"),
    "negative": ({"inputs": [-1]}, of_type("uint8"), "Type: Number is not of expected type: uint8"),
    "overflow": ({"inputs": [1, 1e39]}, FLOATS, "Cannot convert JSON value: 1e+39 to float: it would be infinite"),
    "nested too deep": ({"inputs": _nested(64)}, FLOATS, "nested more than 63 deep"),
    "nested too deep in a row": ({"instances": _nested(65)}, FLOATS, "nested more than 63 deep"),
    "bad base64": ({"inputs": [{"b64": "*"}]}, STRINGS, "Unable to base64 decode"),
    "no base64": ({"inputs": [{"b64": 1}]}, STRINGS, "not formatted correctly for base64 data"),
    "number for a string": ({"inputs": [1]}, STRINGS, "JSON Value: 1 Type: Number is not of expected type: string"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    document, inputs, text = REFUSED[name]
    with pytest.raises(ServingError) as caught:
        parse(document, inputs)
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert text in str(caught.value)


def test_unsupported_type():
    with pytest.raises(ServingError) as caught:
        parse({"inputs": [1.0]}, of_type("half"))
    assert caught.value.code is Code.UNIMPLEMENTED


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 5000, b'{"a": 1e400}', b'"\xff"'),
        *(b'{"a": 18446744073709551616}', b'{"a": [-9223372036854775809]}', b'{"a": ' + b"1" * 5000 + b"}"),
        b'{"a": ' + b"[" * 1020 + b"18446744073709551616" + b"]" * 1020 + b"}",
    ],
)
def test_not_json(body):
    with pytest.raises(ServingError, match="JSON Parse error"):
        parse_json(body)


@pytest.mark.parametrize(
    "number", ["18446744073709551615", "0.184467440737095516151", "1e10", '"18446744073709551616"']
)
def test_long_numbers_and_strings_that_are_json(number):
    assert parse_json(f'{{"a": {number}}}'.encode()) == {"a": json.loads(number)}


def test_deep_nesting_is_refused_without_recursion():
    body = b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}"
    with pytest.raises(ServingError):
        predict_tensors(parse_json(body), STRINGS | TWO)


def test_long_values_are_cut_in_error_texts():
    with pytest.raises(ServingError) as caught:
        predict_tensors(parse_json(json.dumps({"instances": "x" * 10**6}).encode()), FLOATS)
    assert len(str(caught.value)) < 2000


def test_signature_name():
    assert signature_name({"signature_name": "s"}) == "s"
    assert signature_name({}) == ""
    with pytest.raises(ServingError, match="'signature_name' key must be a string value"):
        signature_name({"signature_name": 1})
