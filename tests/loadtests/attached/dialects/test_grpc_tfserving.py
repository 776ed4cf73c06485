"""TensorFlow Serving's PredictionService, against the messages of tensorflow-serving-api."""

import numpy as np
import pytest
from tensorflow import as_dtype, make_ndarray, make_tensor_proto
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


def spec_of(path):
    return PredictRequest.FromString(GRPC.encode(GRPC.model(path), {"x": np.ones(1)})).model_spec


def test_the_version_or_the_label_of_a_url_is_asked_for():
    assert not spec_of("/m").WhichOneof("version_choice")
    versioned, labelled = spec_of("/v1/models/m/versions/3"), spec_of("/m/labels/stable")
    assert (versioned.name, versioned.version.value) == ("m", 3)
    assert (labelled.name, labelled.version_label) == ("m", "stable")
    with pytest.raises(ValueError, match="versions are numbers, and v3 is none"):
        spec_of("/m/versions/v3")


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


SHORT_FLOATS = {"float16": "half_val", "bfloat16": "half_val"}
UNSIGNED = {"uint16": "int_val", "uint32": "uint32_val", "uint64": "uint64_val"}
"""Dtype to the field of an answer that may list its values."""


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(("dtype", "field"), (SHORT_FLOATS | UNSIGNED).items())
def test_short_floats_and_unsigned_integers_are_read_as_bytes_and_as_lists(dtype, field, listed):
    array = np.array([[0, 1, 2, 300]]).astype(as_dtype(dtype).as_numpy_dtype)
    message = PredictResponse.FromString(response(y=array))
    tensor = message.outputs["y"]
    assert tensor.dtype == as_dtype(dtype).as_datatype_enum
    for written in ("tensor_content", field):
        tensor.ClearField(written)
    if listed:
        getattr(tensor, field).extend((array.view(np.uint16) if dtype in SHORT_FLOATS else array).ravel())
    else:
        tensor.tensor_content = array.tobytes()
    np.testing.assert_array_equal(GRPC.read(message.SerializeToString())["answer"], [[0, 1, 2, 300]])


@pytest.mark.parametrize("dtype", ["float16", *UNSIGNED])
def test_they_are_sent_too(dtype):
    array = np.array([[0, 1, 300]]).astype(dtype)
    request = PredictRequest.FromString(GRPC.encode("m", {"x": array}))
    np.testing.assert_array_equal(make_ndarray(request.inputs["x"]), array, strict=True)
