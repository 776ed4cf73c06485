"""Several inputs and outputs, of every type that models here have, over REST and gRPC, alone and in batches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tests.services.tfserving.model_server import in_process
from tests.services.tfserving.saved_models import echo

PREDICT = "/v1/models/echo:predict"
TIMEOUT_S = 20
GIVEN = {
    "pixels": np.uint8([[0, 255], [1, 2]]),
    "ids": np.int64([2**62 + 1, -(2**63)]),
    "flags": np.array([True, False]),
    "texts": np.array(["a", "ü".encode()], object),
    "doubles": np.float64([[0.1], [1e300]]),
    "counts": np.int32([-(2**31), 7]),
}
ROWS = [
    {"pixels": [0, 255], "ids": 2**62 + 1, "flags": True, "texts": "a", "doubles": [0.1], "counts": -(2**31)},
    {"pixels": [1, 2], "ids": -(2**63), "flags": False, "texts": "ü", "doubles": [1e300], "counts": 7},
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
TYPED = {
    "pixels": ("int_val", [0, 255, 1, 2]),
    "ids": ("int64_val", [2**62 + 1, -(2**63)]),
    "flags": ("bool_val", [True, False]),
    "texts": ("string_val", [b"a", "ü".encode()]),
    "doubles": ("double_val", [0.1, 1e300]),
    "counts": ("int_val", [-(2**31), 7]),
}


def back(values):
    return {f"{name}_back": value for name, value in values.items()}


@pytest.fixture(scope="module", params=["alone", "in batches"])
def server(request, tmp_path_factory):
    base = tmp_path_factory.mktemp("echo")
    echo(base / "1")
    flags = [f"--model_base_path={base}", "--model_name=echo"]
    if request.param == "in batches":
        parameters = base / "batching.config"
        parameters.write_text("max_batch_size { value: 16 } batch_timeout_micros { value: 20000 }")
        flags += ["--enable_batching=true", f"--batching_parameters_file={parameters}"]
    with in_process(*flags) as running:
        yield running


def test_rows_of_several_inputs_are_answered_by_named_rows(server):
    document = {"signature_name": "every", "instances": ROWS}
    assert server.post(PREDICT, document) == (200, {"predictions": [back(row) for row in ROWS]})


def test_columns_are_answered_by_named_columns(server):
    document = {"signature_name": "every", "inputs": COLUMNS}
    assert server.post(PREDICT, document) == (200, {"outputs": back(COLUMNS)})


def test_one_output_has_no_name(server):
    for body in ({"instances": [[1, 2, 3], [4, 5, 6]]}, {"instances": [{"tokens": [1, 2, 3]}, {"tokens": [4, 5, 6]}]}):
        assert server.post(PREDICT, body) == (200, {"predictions": [6, 15]})
    assert server.post(PREDICT, {"inputs": {"tokens": [[2**62, 1, 0]]}}) == (200, {"outputs": [2**62 + 1]})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pixels": [0, 256]}, "key: pixels of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: 256"),
        ({"ids": 1.5}, "JSON Value: 1.5 Type: Number is not of expected type: int64"),
        ({"flags": 1}, "JSON Value: 1 Type: Number is not of expected type: bool"),
        ({"counts": True}, "JSON Value: true Type: True is not of expected type: int32"),
        ({"texts": 3}, "is not of expected type: string"),
        ({"more": 3}, "does not have named input: more"),
    ],
)
def test_what_a_type_cannot_hold_is_refused_in_tensorflow_servings_words(server, change, says):
    status, answer = server.post(PREDICT, {"signature_name": "every", "instances": [ROWS[0] | change]})
    assert status == 400
    assert says in answer["error"]


@pytest.mark.parametrize("body", [{"instances": [{**ROWS[0], "ids": [1, 2]}]}, {"inputs": COLUMNS | {"pixels": [[1]]}}])
def test_inputs_of_other_shapes_are_refused(server, body):
    status, answer = server.post(PREDICT, {"signature_name": "every", **body})
    assert (status, list(answer)) == (400, ["error"])


def request_of(signature="every"):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "echo", signature
    return request


def by_tensor_content():
    request = request_of()
    for name, array in GIVEN.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    return request


def by_typed_values():
    request = request_of()
    for name, (field, values) in TYPED.items():
        tensor, array = request.inputs[name], GIVEN[name]
        tensor.dtype = 7 if name == "texts" else tf.dtypes.as_dtype(array.dtype).as_datatype_enum
        for size in array.shape:
            tensor.tensor_shape.dim.add(size=size)
        getattr(tensor, field).extend(values)
    return request


@pytest.mark.parametrize("make", [by_tensor_content, by_typed_values])
def test_grpc_takes_bytes_and_typed_values_and_answers_typed_values(server, make):
    with server.channel() as channel:
        outputs = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(make(), TIMEOUT_S).outputs
    assert set(outputs) == set(back(GIVEN))
    for name, (field, values) in TYPED.items():
        answer = outputs[f"{name}_back"]
        assert list(getattr(answer, field)) == values
        assert tf.make_ndarray(answer).shape == GIVEN[name].shape


def test_a_tensor_of_another_type_is_refused(server):
    request = by_tensor_content()
    request.inputs["ids"].CopyFrom(tf.make_tensor_proto(np.int32([1, 2])))
    with server.channel() as channel, pytest.raises(grpc.RpcError) as refused:
        prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, TIMEOUT_S)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_requests_at_once_get_their_own_rows_of_every_output(server):
    """Whichever of the inputs a client names first."""

    def ask(index):
        rows = [ROWS[(index + place) % 2] | {"ids": index} for place in range(1 + index % 3)]
        rows = [dict(reversed(row.items())) if index % 2 else row for row in rows]
        return server.post(PREDICT, {"signature_name": "every", "instances": rows}), rows

    with ThreadPoolExecutor(12) as pool:
        for answer, rows in pool.map(ask, range(36)):
            assert answer == (200, {"predictions": [back(row) for row in rows]})
