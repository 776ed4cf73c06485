"""Rows as base64 in JSON: the convention of TF Serving's REST API for bytes."""

import base64
import json

import numpy as np

from loadtests.payloads import json_base64, json_rows, payload_for

BATCH = np.random.default_rng(3).random((2, 28, 28, 1), dtype=np.float32)


def test_each_row_is_one_string_of_its_float32_bytes():
    body = json.loads(json_base64.encode("digits_cnn", BATCH))
    assert body["signature_name"] == "serving_bytes"
    assert [list(row) for row in body["instances"]] == [["b64"], ["b64"]]
    for row, sent in zip(BATCH, body["instances"], strict=True):
        data = base64.b64decode(sent["b64"], validate=True)
        np.testing.assert_array_equal(np.frombuffer(data, "<f4").reshape(28, 28, 1), row)


def test_big_endian_and_strided_rows_are_sent_as_little_endian_ones():
    assert json_base64.encode("m", BATCH.astype(">f4")) == json_base64.encode("m", BATCH)
    assert json_base64.encode("m", BATCH[::-1]) != json_base64.encode("m", BATCH)
    assert json_base64.encode("m", np.repeat(BATCH, 2, axis=0)[::2]) == json_base64.encode("m", BATCH)


def test_it_is_a_third_larger_than_the_numbers():
    rows = len(BATCH) * 28 * 28 * 4
    assert rows * 4 / 3 <= len(json_base64.encode("m", BATCH)) < rows * 4 / 3 + 100


def test_its_head_and_its_answer_are_those_of_json():
    payload = payload_for("rest", "", "json_base64")
    assert (payload.kind, payload.method) == ("base64", "")
    assert payload.headers(BATCH) == json_rows.headers(BATCH)
    np.testing.assert_array_equal(payload.decode(b'{"predictions": [[0.5, 0.25]]}'), np.float32([[0.5, 0.25]]))
