from __future__ import annotations

import json

import numpy as np
import pytest

from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.rest_json.json_answer import error_json, predictions_json
from serveoff.services.tfserving.embedded.rest_json.request import Format

A = np.float32([[0.1, 0.2], [3, 4]])


def test_rows_of_one_output():
    assert predictions_json({"a": A}, Format.ROW) == b'{"predictions":[[0.1,0.2],[3.0,4.0]]}'
    assert predictions_json({"a": A[:, 0]}, Format.ROW) == b'{"predictions":[0.1,3.0]}'


def test_rows_of_several_outputs():
    outputs = {"a": A, "n": np.int64([5, 6]), "t": np.array([b"x", b"\xff"], dtype=object)}
    assert json.loads(predictions_json(outputs, Format.ROW)) == {
        "predictions": [{"a": [0.1, 0.2], "n": 5, "t": "x"}, {"a": [3.0, 4.0], "n": 6, "t": "\ufffd"}]
    }


def test_columns():
    assert json.loads(predictions_json({"a": A}, Format.COLUMN)) == {"outputs": [[0.1, 0.2], [3.0, 4.0]]}
    assert json.loads(predictions_json({"a": A, "s": np.float32(2)}, Format.COLUMN)) == {
        "outputs": {"a": [[0.1, 0.2], [3.0, 4.0]], "s": 2.0}
    }


def test_bytes_by_their_name():
    image = np.array([[b"\xff\x00"]], dtype=object)
    assert json.loads(predictions_json({"image_bytes": image}, Format.ROW)) == {"predictions": [[{"b64": "/wA="}]]}


def test_no_number_becomes_a_literal():
    answer = predictions_json({"a": np.float32([np.nan, np.inf, -np.inf, 1])}, Format.ROW)
    assert answer == b'{"predictions": [NaN, Infinity, -Infinity, 1.0]}'


@pytest.mark.parametrize("array", [A.T, A[:, ::-1], A[::2]])
def test_any_memory_layout(array):
    answer = json.loads(predictions_json({"a": array}, Format.ROW))
    np.testing.assert_array_equal(np.float32(answer["predictions"]), array)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ({}, "Cannot convert empty tensor map to JSON"),
        ({"a": np.float32(1)}, "Tensor name: a has no shape information"),
        ({"a": A[:0]}, "Tensor name: a has invalid batch size: 0"),
        ({"a": A, "b": A[:1]}, "Tensor name: b has inconsistent batch size: 1 expecting: 2"),
    ],
)
def test_what_is_no_batch(outputs, text):
    with pytest.raises(ServingError, match=text):
        predictions_json(outputs, Format.ROW)


def test_error():
    assert json.loads(error_json('a "quoted"\nline')) == {"error": 'a "quoted"\nline'}
