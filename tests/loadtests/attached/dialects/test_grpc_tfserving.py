"""TensorFlow Serving's PredictionService, against the messages of tensorflow-serving-api."""

import numpy as np
import pytest
from tensorflow import make_ndarray, make_tensor_proto
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serveoff.loadtests.attached.ask import asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from tests.loadtests.attached import servers

GRPC = dialect("grpc_tfserving")


def response(listed=False, **outputs):
    message = PredictResponse()
    message.model_spec.name = "m"
    for name, array in outputs.items():
        message.outputs[name].CopyFrom(make_tensor_proto(array))
        if listed:
            tensor = message.outputs[name]
            tensor.float_val.extend(np.frombuffer(tensor.tensor_content, np.float32))
            tensor.ClearField("tensor_content")
    return message.SerializeToString()


def test_requests_are_those_of_the_client_library():
    rows = {"x": np.ones((1, 2), np.float32), "ids": np.array([[3]]), "text": np.array(["hé"])}
    request = PredictRequest.FromString(GRPC.encode("my-Model", rows))
    assert (request.model_spec.name, request.model_spec.signature_name) == ("my-Model", "serving_default")
    found = {name: make_ndarray(tensor) for name, tensor in request.inputs.items()}
    np.testing.assert_array_equal(found["x"], rows["x"])
    np.testing.assert_array_equal(found["ids"], rows["ids"])
    assert found["text"].tolist() == ["hé".encode()]


def test_an_answer_comes_back_through_a_server():
    def answer(asked):
        sent = make_ndarray(PredictRequest.FromString(asked.body).inputs["x"])
        return response(probabilities=sent * 2)

    with servers.rpc(GRPC.method, answer) as served:
        body = GRPC.encode("m", {"x": np.array([[1, 2]], np.float32)})
        exchange = Exchange(dialect="grpc_tfserving", bodies=(body,), headers={"Authorization": "Bearer t"})
        with asking(served.target(), exchange, 10.0) as ask:
            read = GRPC.read(ask(body))
    np.testing.assert_array_equal(read["answer"], [[2, 4]])
    assert served.asked[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("listed", [False, True])
def test_it_reads_as_the_same_answer_in_json(listed):
    probabilities = np.random.default_rng(3).dirichlet(np.ones(10), 1).astype(np.float32)
    read = GRPC.read(response(listed, probabilities=probabilities))
    (name,) = read
    assert name == "answer"
    np.testing.assert_array_equal(read[name], probabilities)


def test_several_outputs_have_names_and_texts_are_parts_of_them():
    read = GRPC.read(response(score=np.ones((1, 2), np.float32), label=np.array([[b"cat"]], dtype=object)))
    assert sorted(read) == ["label='cat'", "score"]


def test_a_path_names_an_output():
    np.testing.assert_array_equal(GRPC.read(response(a=[[1.0, 2.0]], b=[[3.0]]), "a")["answer"], [[1, 2]])
    with pytest.raises(ValueError, match=r"'c'.*a, b"):
        GRPC.read(response(a=[1.0], b=[1.0]), "c")


@pytest.mark.parametrize("answer", [b"\xff\xff", b""])
def test_what_is_no_answer_is_said(answer):
    with pytest.raises(ValueError, match=r"not a PredictResponse|no outputs"):
        GRPC.read(answer)


def test_a_dtype_that_is_not_known_is_said():
    with pytest.raises(ValueError, match=r"x is of dtype 8"):
        GRPC.read(response(x=np.ones((1, 2), np.complex64)))
