"""What one gRPC message, and all calls at once, may take of the embedded server."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc, regression_pb2

from serveoff.services.tfserving.embedded.grpc_service import PredictionService
from tests.services.tfserving.model_server import in_process

TIMEOUT_S = 60


class Refused(Exception):
    """In place of gRPC's own, which ends the call."""


class Context:
    """Of a call that is made in this process."""

    def abort(self, code, details):
        raise Refused(code, details)


def predict_request(values: Any) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "default"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(values))
    return request


def announced(dtype: int, shape: tuple[int, ...], **values: list[float]) -> Any:
    """One value that stands for all of a tensor."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "default"
    tensor = request.inputs["x"]
    tensor.MergeFrom(TensorProto(dtype=dtype, **values))
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    return request


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (announced(9, (2**22,), int64_val=[1]), "Expects input x to be float but int64 is provided"),
        (announced(7, (2**22,), string_val=[b"a"]), "Expects input x to be float but string is provided"),
        (announced(1, (2, 2**21), float_val=[1]), "does not fit the signature's"),
        (announced(1, (1, 1, 2**21), float_val=[1]), "does not fit the signature's"),
    ],
    ids=("number", "text", "wide", "deep"),
)
def test_a_tensor_that_is_not_the_signature_s_is_refused_before_it_is_made(repository, request_, text):
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=text):
            PredictionService(repository).Predict(request_, Context())
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_long_context_of_many_examples_is_refused_before_it_is_copied(repository):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "default", "regress_x_to_y"
    examples = request.input.example_list_with_context
    examples.context.features.feature["x"].bytes_list.value.append(bytes(2**20))
    for _ in range(1000):
        examples.examples.add()
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="is too long for 1000 examples"):
            PredictionService(repository).Regress(request, Context())
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_message_over_the_limit_is_refused(half_plus_two):
    flags = (f"--model_base_path={half_plus_two}", "--grpc_max_message_bytes=2000")
    with in_process(*flags) as server, server.channel() as channel:
        predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        with pytest.raises(grpc.RpcError) as refused:
            predict(predict_request(np.zeros(1000, np.float32)), TIMEOUT_S)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert predict(predict_request(np.float32([2])), TIMEOUT_S).outputs["y"].float_val == [3.0]


@pytest.mark.slow
def test_one_call_more_than_there_are_threads_is_refused(tmp_path, half_plus_two):
    """The first waits for a batch to fill, which a request over REST then does."""
    parameters = tmp_path / "batching"
    parameters.write_text("max_batch_size { value: 2 } batch_timeout_micros { value: 120000000 }")
    flags = ("--enable_batching", f"--batching_parameters_file={parameters}", "--grpc_max_threads=1")
    with in_process(f"--model_base_path={half_plus_two}", *flags) as server, server.channel() as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = predict_request(np.float32([2]))
        ended = [ended_of(stub.Predict.future(request, timeout=TIMEOUT_S)) for _ in range(2)]
        (refused,), (waits,) = wait(ended, TIMEOUT_S, FIRST_COMPLETED)
        assert refused.result().code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert server.post("/v1/models/default:predict", {"instances": [4.0]}) == (200, {"predictions": [4.0]})
        assert waits.result(TIMEOUT_S).result().outputs["y"].float_val == [3.0]


def ended_of(call: Any) -> Future[Any]:
    """A future of Python's, done when the call is."""
    ended: Future[Any] = Future()
    call.add_done_callback(ended.set_result)
    return ended
