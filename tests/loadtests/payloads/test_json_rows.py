import json

import numpy as np
import pytest
from hypothesis import given

from serveoff.loadtests.payloads import json_rows, payload_for
from tests.loadtests.payloads.models import BATCHES, FLAT, TWO, assert_same, echoes, model, tensor


@given(echoes())
def test_numbers_read_back_as_the_same_numbers(echo):
    spec, batch = echo
    instances = json.loads(json_rows.encode(spec, batch))["instances"]
    answer = json.dumps({"predictions": instances}).encode()
    assert_same(json_rows.decode(answer, len(instances), spec), batch)


def test_floats_take_the_fewest_digits():
    batch = {"x": np.float32([[0.1, 0.0, 1.0, 1 / 3]])}
    assert json_rows.encode(FLAT, batch) == b'{"instances":[[0.1,0.0,1.0,0.33333334]]}'


def test_the_body_keeps_the_shape_of_rows():
    spec = model(tensor("x", "float32", 4, 3, 1))
    instances = json.loads(json_rows.encode(spec, {"x": np.zeros((1, 4, 3, 1), np.float32)}))["instances"]
    assert np.asarray(instances).shape == (1, 4, 3, 1)


def test_rows_of_several_inputs_are_objects_and_integers_are_integers():
    body = json_rows.encode(*BATCHES["two"])
    first = b'{"image":[[[0],[1]],[[2],[3]]],"age":7}'
    assert body.startswith(b'{"instances":[' + first + b",")
    assert json.loads(body)["instances"][1]["age"] == 2**33
    assert json_rows.encode(*BATCHES["tokens"]) == b'{"instances":[[1,2,3,1099511627776],[0,0,0,-1]]}'


def test_rows_of_several_outputs_are_read_by_name():
    answer = b'{"predictions": [{"known": true, "scores": [0.5, 0.25, 1]}, {"scores": [0, 0, 0], "known": false}]}'
    expected = {"scores": np.float32([[0.5, 0.25, 1], [0, 0, 0]]), "known": np.array([True, False])}
    assert_same(json_rows.decode(answer, 2, TWO), expected)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"predictions": [["a"]]}', b'{"predictions": [{"a": 1}]}',
     b'{"predictions": [[1], [1, 2]]}', b'{"predictions": [["1.5", "2"]]}', b'{"predictions": [[true, false]]}'],
)  # fmt: skip
def test_what_is_not_an_answer_is_a_value_error(answer):
    with pytest.raises(ValueError):  # noqa: PT011
        json_rows.decode(answer, 1, FLAT)


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("int64", "[1.0]"), ("int64", "[null]"), ("int64", "[18446744073709551615]"), ("uint8", "[256]"),
     ("uint8", "[-1]"), ("int32", "[4294967296]"), ("bool", "[1]"), ("int64", "[true]")],
)  # fmt: skip
def test_a_number_that_the_dtype_cannot_hold_is_no_answer(dtype, values):
    """Cut off or wrapped around it could be taken for the right one."""
    with pytest.raises(ValueError, match=r"y is not made of|y has a number that is no"):
        json_rows.decode(f'{{"predictions": {values}}}'.encode(), 1, model(tensor("y", dtype)))


@pytest.mark.parametrize("rows", ['[{"scores": [1, 2, 3]}]', "[[1, 2, 3]]", '{"scores": [[1, 2, 3]], "known": [true]}'])
def test_several_outputs_must_all_be_there(rows):
    with pytest.raises(ValueError, match="not rows of scores, known"):
        json_rows.decode(f'{{"predictions": {rows}}}'.encode(), 1, TWO)


def test_rest_is_json():
    assert payload_for("rest").kind == "json"
