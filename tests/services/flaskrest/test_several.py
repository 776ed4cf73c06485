"""A model of two inputs and two outputs behind the whole application: JSON, base64, raw bytes, batches."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

import numpy as np
import pytest
from flask import Flask

from serveoff.models.tensors import split
from serveoff.services.flaskrest.batching import PREPARED, Batcher
from serveoff.services.flaskrest.exchange import BODY
from serveoff.services.predict_v1 import Codec
from serveoff.services.runtimes import null
from tests.services.two_tensors import PREDICT, SPEC, as_columns, as_raw, as_rows, predict, rows

GOOD = rows(3)
EXPECTED = predict(GOOD)
RAW = "application/octet-stream"


def in_base64() -> list[dict[str, object]]:
    return [
        {f"{name}_bytes": {"b64": b64encode(array[row].tobytes()).decode()} for name, array in GOOD.items()}
        for row in range(3)
    ]


def test_rows_and_columns_are_answered_likewise(two_app: Flask) -> None:
    client = two_app.test_client()
    assert client.post(PREDICT, json={"instances": as_rows(GOOD)}).json == {"predictions": as_rows(EXPECTED)}
    assert client.post(PREDICT, json={"inputs": as_columns(GOOD)}).json == {"outputs": as_columns(EXPECTED)}
    by_bytes = client.post(PREDICT, json={"signature_name": "serving_bytes", "instances": in_base64()})
    assert by_bytes.json == {"predictions": as_rows(EXPECTED)}


def test_raw_bytes_come_and_go_in_the_order_of_the_spec(two_app: Flask) -> None:
    body, shapes = as_raw(GOOD)
    headers = {"Content-Type": RAW, "X-Tensor-Shape": shapes, "Accept": RAW}
    answer = two_app.test_client().post(PREDICT, data=body, headers=headers)
    assert (answer.data, answer.headers["X-Tensor-Shape"]) == as_raw(EXPECTED)
    assert answer.headers["X-Tensor-Shape"] == "scaled=3,2,2;total=3"
    assert answer.headers["Content-Type"] == RAW


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"instances": [as_rows(GOOD)[0] | {"tokens": [1, 2, 3.5]}]}, "instances[0].tokens[2] is 3.5, not an integer"),
        ({"instances": [{"prices": [[1, 2], [3, 4]]}]}, "this model takes 'prices', 'tokens'"),
        ({"inputs": as_columns(GOOD) | {"tokens": [[1, 2, 3]]}}, "prices has 3 and tokens has 1"),
    ],
)
def test_bad_input_is_refused_with_what_belongs_there(two_app: Flask, document: object, says: str) -> None:
    answer = two_app.test_client().post(PREDICT, json=document)
    assert answer.status_code == 400
    assert says in answer.json["error"]


def test_without_a_model_each_output_is_zeros_of_its_dtype(make_app: Callable[..., Flask]) -> None:
    answer = make_app(null.load(SPEC), SPEC).test_client().post(PREDICT, json={"instances": as_rows(GOOD)})
    assert answer.json == {"predictions": [{"scaled": [[0.0, 0.0], [0.0, 0.0]], "total": 0}] * 3}
    zero = null.load(SPEC)(GOOD)
    assert [(array.dtype, array.shape) for array in zero.values()] == [(np.float32, (3, 2, 2)), (np.int64, (3,))]


def test_requests_that_wait_together_get_their_own_rows_of_every_output() -> None:
    codec = Codec(SPEC.inputs)
    calls: list[int] = []
    batcher = Batcher(8, 0.0, frozenset({PREDICT}), lambda _, body: codec.decode_json(body), predict, calls.append)
    bodies = [json.dumps({"instances": as_rows(part)}).encode() for part in split(GOOD, [1, 2])]
    environs = [{"PATH_INFO": PREDICT, "QUERY_STRING": "", BODY: body} for body in bodies]
    batcher.predict(environs)
    assert calls == [3]
    for environ, own in zip(environs, split(EXPECTED, [1, 2]), strict=True):
        for name, array in own.items():
            np.testing.assert_array_equal(environ[PREPARED].outputs[name], array)


def test_a_call_that_lacks_rows_of_one_output_is_left_to_the_view() -> None:
    def short(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = predict(batch)
        return outputs | {"total": outputs["total"][:-1]}

    codec = Codec(SPEC.inputs)
    batcher = Batcher(8, 0.0, frozenset({PREDICT}), lambda _, body: codec.decode_json(body), short, lambda _: None)
    environ = {"PATH_INFO": PREDICT, "QUERY_STRING": "", BODY: json.dumps({"instances": as_rows(GOOD)}).encode()}
    batcher.predict([environ])
    assert PREPARED not in environ
