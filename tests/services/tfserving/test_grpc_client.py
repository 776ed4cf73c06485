"""TensorFlow Serving's own client tests (tensorflow_model_server_test.py) over gRPC, with its own stubs."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

pytestmark = pytest.mark.slow
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def stub(all_models):
    with all_models.channel() as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def model_stub(all_models):
    with all_models.channel() as channel:
        yield model_service_pb2_grpc.ModelServiceStub(channel)


def predict_request(inputs, model="default", signature="", version=None, label=None, output_filter=()):
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    request.model_spec.name, request.model_spec.signature_name = model, signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def example(request, x=2.0):
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(x)
    return request


def refusal(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, TIMEOUT_S)
    return caught.value.code(), caught.value.details()


@pytest.mark.parametrize(("model", "expected"), [("default", 3.0), ("half_plus_three", 4.0)])
@pytest.mark.parametrize("output_filter", [(), ("y",)])
def test_predict(stub, model, expected, output_filter):
    request = predict_request({"x": np.float32([2.0])}, model, output_filter=output_filter)
    result = stub.Predict(request, TIMEOUT_S)
    # Typed values, not tensor_content: what TensorFlow Serving's own test reads.
    assert result.outputs["y"].float_val == [expected]
    assert result.outputs["y"].dtype == 1
    assert (result.model_spec.name, result.model_spec.version.value) == (model, 123)
    assert result.model_spec.signature_name == "serving_default"


def test_predict_with_raw_tensor_content(stub):
    request = predict_request({})
    tensor = request.inputs["x"]
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=2)
    tensor.tensor_shape.dim.add(size=1)
    tensor.tensor_content = np.float32([2, 4]).tobytes()
    answer = tf.make_ndarray(stub.Predict(request, TIMEOUT_S).outputs["y"])
    np.testing.assert_array_equal(answer, [[3.0], [4.0]])


def test_predict_with_typed_values(stub):
    request = predict_request({})
    tensor = request.inputs["x"]
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=1)
    tensor.float_val.append(2.0)
    assert stub.Predict(request, TIMEOUT_S).outputs["y"].float_val == [3.0]


def test_predict_with_several_tensors_of_several_types(stub):
    request = predict_request({"a": np.float32([1, 20]), "b": np.int32([2, 3])}, "several", "two")
    outputs = {name: tf.make_ndarray(proto) for name, proto in stub.Predict(request, TIMEOUT_S).outputs.items()}
    np.testing.assert_array_equal(outputs["sum"], np.float32([3, 23]))
    np.testing.assert_array_equal(outputs["is_big"], [False, True])


def test_predict_with_strings(stub):
    request = predict_request({"text": [b"abc", "ü".encode()]}, "several", "text", output_filter=("upper",))
    result = stub.Predict(request, TIMEOUT_S)
    assert list(result.outputs) == ["upper"]
    assert result.outputs["upper"].string_val[0] == b"ABC"


@pytest.mark.parametrize(("choice", "expected"), [({}, 10), ({"version": 2}, 2), ({"label": "stable"}, 2)])
def test_versions_and_labels(stub, choice, expected):
    result = stub.Predict(predict_request({"x": np.float32([0.0])}, "several", **choice), TIMEOUT_S)
    assert result.outputs["version"].int64_val == [expected]
    assert result.model_spec.version.value == expected


def test_unix_socket(all_models):
    with grpc.insecure_channel(f"unix:{all_models.log.parent / 'grpc.sock'}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        assert stub.Predict(predict_request({"x": np.float32([2.0])}), TIMEOUT_S).outputs["y"].float_val == [3.0]


REFUSED = {
    "unknown model": (
        predict_request({"x": np.float32([1])}, "nope"),
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Latest(nope)",
    ),
    "unknown version": (
        predict_request({"x": np.float32([1])}, version=7),
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Specific(default, 7)",
    ),
    "version that the policy leaves out": (
        predict_request({"x": np.float32([1])}, "several", version=1),
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Specific(several, 1)",
    ),
    "unknown label": (
        predict_request({"x": np.float32([1])}, "several", label="canary"),
        grpc.StatusCode.INVALID_ARGUMENT,
        "Unrecognized servable version label: canary",
    ),
    "no model name": (
        predict_request({"x": np.float32([1])}, ""),
        grpc.StatusCode.INVALID_ARGUMENT,
        "ModelSpec has no name specified.",
    ),
    "unknown signature": (
        predict_request({"x": np.float32([1])}, signature="foo"),
        grpc.StatusCode.FAILED_PRECONDITION,
        'Serving signature key "foo" not found.',
    ),
    "missing input": (
        predict_request({}),
        grpc.StatusCode.INVALID_ARGUMENT,
        "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
    ),
    "other input": (
        predict_request({"z": np.float32([1])}),
        grpc.StatusCode.INVALID_ARGUMENT,
        "input tensor alias not found in signature: z. Inputs expected to be in the set {x}.",
    ),
    "unknown output": (
        predict_request({"x": np.float32([1])}, output_filter=("z",)),
        grpc.StatusCode.INVALID_ARGUMENT,
        "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
    ),
    "output asked for twice": (
        predict_request({"x": np.float32([1])}, output_filter=("y", "y")),
        grpc.StatusCode.INVALID_ARGUMENT,
        "duplicate output tensor alias: y",
    ),
    "wrong size": (
        predict_request({"x": np.float32([[1, 2, 3]])}, "several", "matrix"),
        grpc.StatusCode.INVALID_ARGUMENT,
        "Tensor shape [1,3] of input x does not fit the signature's [-1,2]",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_predict_refuses(stub, name):
    request, code, text = REFUSED[name]
    assert refusal(stub.Predict, request) == (code, text)
    assert stub.Predict(predict_request({"x": np.float32([2.0])}), TIMEOUT_S).outputs["y"].float_val == [3.0]


def test_predict_refuses_a_wrong_type(stub):
    code, text = refusal(stub.Predict, predict_request({"x": np.int32([1])}))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "int32" in text
    assert "float" in text


@pytest.mark.parametrize(("shape", "content"), [((3,), b"1234"), ((-1,), b"1234"), ((10**6, 10**6), b"1234")])
def test_predict_refuses_tensors_that_are_not_what_they_announce(stub, shape, content):
    request = predict_request({})
    request.inputs["x"].dtype = 1
    for size in shape:
        request.inputs["x"].tensor_shape.dim.add(size=size)
    request.inputs["x"].tensor_content = content
    code, text = refusal(stub.Predict, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert text.startswith("tensor parsing error: x")


def test_classify(stub):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "default", "classify_x_to_y"
    result = stub.Classify(example(request), TIMEOUT_S)
    assert [[c.score for c in row.classes] for row in result.result.classifications] == [[3.0]]
    assert result.model_spec.version.value == 123
    assert result.model_spec.signature_name == "classify_x_to_y"


def test_regress(stub):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "default", "regress_x_to_y"
    result = stub.Regress(example(request), TIMEOUT_S)
    assert [regression.value for regression in result.result.regressions] == [3.0]


def test_regress_with_context(stub):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "default", "regress_x_to_y"
    examples = request.input.example_list_with_context
    examples.context.features.feature["x"].float_list.value.append(4.0)
    examples.examples.add()
    examples.examples.add()
    result = stub.Regress(request, TIMEOUT_S)
    assert [regression.value for regression in result.result.regressions] == [4.0, 4.0]


def test_multi_inference(stub):
    request = inference_pb2.MultiInferenceRequest()
    for signature, method in (("regress_x_to_y", "regress"), ("classify_x_to_y", "classify")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name, task.model_spec.signature_name = "default", signature
    result = stub.MultiInference(example(request), TIMEOUT_S)
    assert result.results[0].regression_result.regressions[0].value == 3.0
    assert result.results[1].classification_result.classifications[0].classes[0].score == 3.0
    assert [r.model_spec.signature_name for r in result.results] == ["regress_x_to_y", "classify_x_to_y"]


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_a_predict_signature_is_no_other(stub, kind):
    request = {
        "classification": classification_pb2.ClassificationRequest,
        "regression": regression_pb2.RegressionRequest,
    }[kind]()
    request.model_spec.name = "default"
    call = {"classification": stub.Classify, "regression": stub.Regress}[kind]
    assert refusal(call, example(request)) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        f"No {kind} inputs found in SignatureDef: serving_default",
    )


def test_classify_without_examples(stub):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "default", "classify_x_to_y"
    assert refusal(stub.Classify, request) == (grpc.StatusCode.INVALID_ARGUMENT, "Input is empty.")


def test_model_status(model_stub):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "several"
    states = model_stub.GetModelStatus(request, TIMEOUT_S).model_version_status
    assert [(s.version, s.state, s.status.error_code) for s in states] == [(10, 30, 0), (2, 30, 0)]
    request.model_spec.version.value = 5
    assert refusal(model_stub.GetModelStatus, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Could not find version 5 of model several",
    )


def test_model_metadata(stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "default"
    result = stub.GetModelMetadata(request, TIMEOUT_S)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    result.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def) == {"serving_default", "classify_x_to_y", "regress_x_to_y"}
    assert signatures.signature_def["serving_default"].inputs["x"].dtype == 1
    assert (result.model_spec.name, result.model_spec.version.value) == ("default", 123)


def test_model_metadata_needs_a_known_field(stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["weights"])
    request.model_spec.name = "default"
    assert refusal(stub.GetModelMetadata, request)[0] is grpc.StatusCode.INVALID_ARGUMENT
    del request.metadata_field[:]
    assert refusal(stub.GetModelMetadata, request) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "GetModelMetadataRequest must specify at least one metadata_field",
    )


def test_inputs_that_nobody_asked_for_are_not_read(stub):
    request = predict_request({})
    for number in range(100):
        tensor = request.inputs[f"made up {number}"]
        tensor.dtype, tensor.double_val[:] = tf.float64.as_datatype_enum, [1.0]
        tensor.tensor_shape.dim.add(size=2**22)
    code, details = refusal(stub.Predict, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("input size does not match signature: 100!=1")
