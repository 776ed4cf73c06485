import subprocess
import sys

import numpy as np
import pytest

from loadtests.payloads import grpc_tfserving, payload_for

BATCH = np.arange(784, dtype=np.float32).reshape(1, 28, 28, 1) / 784


@pytest.fixture(scope="module")
def stubs():
    """The published stubs. They bring TensorFlow along, which is why load tests do without them."""
    from tensorflow.core.framework import tensor_pb2
    from tensorflow_serving.apis import predict_pb2

    return predict_pb2, tensor_pb2


@pytest.mark.slow
def test_the_real_stubs_read_our_request(stubs):
    import tensorflow as tf

    request = stubs[0].PredictRequest.FromString(grpc_tfserving.encode("digits_cnn", BATCH))
    assert request.model_spec.name == "digits_cnn"
    assert request.model_spec.signature_name == "serving_default"
    assert list(request.inputs) == ["image"]
    np.testing.assert_array_equal(tf.make_ndarray(request.inputs["image"]), BATCH)


@pytest.mark.slow
def test_our_request_is_byte_for_byte_that_of_the_real_stubs(stubs):
    request = stubs[0].PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "digits_cnn", "serving_default"
    tensor = request.inputs["image"]
    tensor.dtype = 1
    for size in BATCH.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = BATCH.tobytes()
    assert grpc_tfserving.encode("digits_cnn", BATCH) == request.SerializeToString(deterministic=True)


@pytest.mark.slow
@pytest.mark.parametrize("as_floats", [False, True])
def test_we_read_answers_of_the_real_stubs(stubs, as_floats):
    values = np.float32([[0.25, 0.5, 0.125, 0.125]])
    response = stubs[0].PredictResponse()
    response.model_spec.name = "digits_cnn"
    response.model_spec.version.value = 1
    tensor = response.outputs["probabilities"]
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=1)
    tensor.tensor_shape.dim.add(size=4)
    if as_floats:
        tensor.float_val.extend([0.25, 0.5, 0.125])  # the last value stands for all that follow
    else:
        tensor.tensor_content = values.tobytes()
    np.testing.assert_array_equal(grpc_tfserving.decode(response.SerializeToString()), values)


@pytest.mark.parametrize("answer", [b"", b"\xff\xff\xff", b"not a message at all"])
def test_what_is_not_an_answer_is_a_value_error(answer):
    with pytest.raises(ValueError, match=r"PredictResponse|no float32 output"):
        grpc_tfserving.decode(answer)


def test_tensorflow_is_not_imported():
    code = (
        "import sys; from loadtests.payloads import payload_for; import numpy as np\n"
        "payload_for('grpc', 'tfserving').encode('digits_cnn', np.zeros((1, 28, 28, 1), np.float32))\n"
        "print({'tensorflow', 'tensorflow_serving', 'torch', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_it_is_the_payload_of_its_api():
    payload = payload_for("grpc", "tfserving")
    assert (payload.kind, payload.method) == ("tensor", "/tensorflow.serving.PredictionService/Predict")
