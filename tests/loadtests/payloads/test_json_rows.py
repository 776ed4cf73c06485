import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from loadtests.payloads import json_rows, payload_for


@given(arrays(np.float32, (2, 3), elements={"allow_nan": False, "allow_infinity": False}))
def test_floats_read_back_as_the_same_float32(batch):
    instances = json.loads(json_rows.encode("m", batch))["instances"]
    np.testing.assert_array_equal(np.asarray(instances, dtype=np.float32), batch)


def test_floats_take_the_fewest_digits():
    assert json_rows.encode("m", np.float32([[0.1, 0.0, 1.0, 1 / 3]])) == b'{"instances":[[0.1,0.0,1.0,0.33333334]]}'


def test_the_body_keeps_the_shape_of_rows():
    instances = json.loads(json_rows.encode("m", np.zeros((1, 4, 3, 1), np.float32)))["instances"]
    assert np.asarray(instances).shape == (1, 4, 3, 1)


def test_an_answer_is_read_as_rows():
    np.testing.assert_array_equal(json_rows.decode(b'{"predictions": [[0.5, 0.25]]}'), np.float32([[0.5, 0.25]]))


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"predictions": [["a"]]}', b'{"predictions": [{"a": 1}]}',
     b'{"predictions": [[1], [1, 2]]}'],
)  # fmt: skip
def test_what_is_not_an_answer_is_a_value_error(answer):
    with pytest.raises(ValueError):  # noqa: PT011
        json_rows.decode(answer)


def test_rest_is_json():
    assert payload_for("rest").kind == "json"
