"""Rows as base64 in JSON: the convention of TF Serving's REST API for bytes."""

import base64
import json

import numpy as np
from hypothesis import given

from serveoff.loadtests.payloads import json_base64, json_rows, payload_for
from tests.loadtests.payloads.models import BATCHES, DIGITS, FLAT, assert_same, echoes

ARRAY = np.random.default_rng(3).random((2, 28, 28, 1), dtype=np.float32)
BATCH = {"image": ARRAY}


def numbers(sent, tensor):
    """One row, as a server reads it."""
    assert list(sent) == ["b64"]
    data = base64.b64decode(sent["b64"], validate=True)
    return np.frombuffer(data, np.dtype(tensor.dtype).newbyteorder("<")).astype(tensor.dtype).reshape(tensor.row_shape)


def test_each_row_is_one_string_of_its_bytes():
    body = json.loads(json_base64.encode(DIGITS, BATCH))
    assert body["signature_name"] == "serving_bytes"
    for row, sent in zip(ARRAY, body["instances"], strict=True):
        np.testing.assert_array_equal(numbers(sent, DIGITS.inputs[0]), row)


@given(echoes())
def test_a_server_reads_back_the_same_numbers(echo):
    spec, batch = echo
    rows = json.loads(json_base64.encode(spec, batch))["instances"]
    if len(spec.inputs) == 1:
        rows = [{spec.inputs[0].bytes_name: row} for row in rows]
    assert all(set(row) == {t.bytes_name for t in spec.inputs} for row in rows)
    found = {t.name: np.stack([numbers(row[t.bytes_name], t) for row in rows]) for t in spec.inputs}
    assert_same(found, batch)


def test_rows_of_several_inputs_are_objects():
    rows = json.loads(json_base64.encode(*BATCHES["two"]))["instances"]
    assert rows[0] == {"image_bytes": {"b64": "AAECAw=="}, "age_bytes": {"b64": "BwAAAAAAAAA="}}


def test_big_endian_and_strided_rows_are_sent_as_little_endian_ones():
    usual = json_base64.encode(DIGITS, BATCH)
    assert json_base64.encode(DIGITS, {"image": ARRAY.astype(">f4")}) == usual
    assert json_base64.encode(DIGITS, {"image": ARRAY[::-1]}) != usual
    assert json_base64.encode(DIGITS, {"image": np.repeat(ARRAY, 2, axis=0)[::2]}) == usual


def test_it_is_a_third_larger_than_the_numbers():
    assert ARRAY.nbytes * 4 / 3 <= len(json_base64.encode(DIGITS, BATCH)) < ARRAY.nbytes * 4 / 3 + 100


def test_its_head_and_its_answer_are_those_of_json():
    payload = payload_for("rest", "", "json_base64")
    assert (payload.kind, payload.method) == ("base64", "")
    assert payload.headers(DIGITS, BATCH) == json_rows.headers(DIGITS, BATCH)
    assert_same(payload.decode(b'{"predictions": [[0.5, 0.25]]}', 1, FLAT), {"x": np.float32([[0.5, 0.25]])})
