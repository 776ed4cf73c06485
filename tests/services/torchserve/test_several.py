"""A model of two inputs and two outputs, imported, behind a real TorchServe: REST, gRPC, batches."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from serveoff.models.tensors import split
from tests.bad_inputs import Case, send
from tests.services.torchserve.running import start
from tests.services.two_tensors import NAME, PREDICT, as_columns, as_raw, as_rows, predict, rows

pytestmark = pytest.mark.slow
GOOD = rows(3)
EXPECTED = predict(GOOD)
RAW = "application/octet-stream"


@pytest.fixture(scope="module")
def served(two_tensors_dir, tmp_path_factory):
    running = start(
        two_tensors_dir, tmp_path_factory.mktemp("several"), MODEL=NAME, BATCH_SIZE="3", BATCH_DELAY_MS="100"
    )
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


def rest(served, document):
    return send("127.0.0.1", served.port("REST"), Case("", (), json.dumps(document).encode(), PREDICT))


def test_rest_takes_rows_and_columns(served):
    assert rest(served, {"instances": as_rows(GOOD)}).json() == {"predictions": as_rows(EXPECTED)}
    assert rest(served, {"inputs": as_columns(GOOD)}).json() == {"outputs": as_columns(EXPECTED)}


def test_rest_takes_raw_bytes_and_answers_them(served):
    body, shapes = as_raw(GOOD)
    headers = {"Content-Type": RAW, "Accept": RAW, "X-Tensor-Shape": shapes}
    answer = send("127.0.0.1", served.port("REST"), Case("raw", (200,), body, PREDICT, headers=headers))
    said = {name.lower(): value for name, value in answer.headers.items()}
    assert (answer.body, said["x-tensor-shape"]) == as_raw(EXPECTED)


def apart(batch):
    """Bytes and shape of each input, as entries of a gRPC request."""
    shapes = {f"shape.{name}": ",".join(map(str, array.shape)).encode() for name, array in batch.items()}
    return {f"data.{name}": array.tobytes() for name, array in batch.items()} | shapes


def test_grpc_takes_each_input_apart_and_all_in_json(served):
    expected = {"predictions": as_rows(EXPECTED)}
    assert json.loads(served.grpc(**apart(GOOD))) == expected
    assert json.loads(served.grpc(data=json.dumps({"instances": as_rows(GOOD)}).encode())) == expected
    data, shapes = as_raw(GOOD)
    assert json.loads(served.grpc(data=data, shape=shapes.encode())) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"data.tokens": None},
        {"shape.tokens": None},
        {"shape.tokens": b"2,3"},
        {"shape.tokens": b"\xff"},
        {"data.tokens": b"\0" * 71},
        {"data.mask": b"\0"},
    ],
    ids=str,
)
def test_inputs_that_are_no_batch_are_refused(served, change):
    inputs = {name: value for name, value in (apart(GOOD) | change).items() if value is not None}
    with pytest.raises(grpc.RpcError) as refused:
        served.grpc(**inputs)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_bad_json_is_refused_with_what_belongs_there(served):
    answer = rest(served, {"instances": [as_rows(GOOD)[0] | {"tokens": [1, 2, 0.5]}]})
    assert (answer.status, "tokens[2] is 0.5, not an integer" in answer.json()["error"]) == (400, True)


def test_requests_of_one_batch_get_their_own_rows_of_every_output(served):
    many, counts = rows(18, seed=9), [1, 2, 3] * 3
    documents = [{"instances": as_rows(part)} for part in split(many, counts)]
    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(lambda document: rest(served, document).json(), documents))
    assert answers == [{"predictions": as_rows(part)} for part in split(predict(many), counts)]
