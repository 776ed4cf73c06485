import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given

from serveoff.loadtests.payloads import grpc_tfserving, payload_for
from tests.loadtests.payloads.models import BATCHES, DIGITS, DTYPES, TWO, assert_same, echoes, model, tensor

BATCH = np.arange(784, dtype=np.float32).reshape(1, 28, 28, 1) / 784
FOUR = model(tensor("probabilities", "float32", 4))
FIELDS = {"float32": "float_val", "float64": "double_val", "int32": "int_val", "uint8": "int_val"} | {
    "int64": "int64_val",
    "bool": "bool_val",
}


@pytest.fixture(scope="module")
def stubs():
    """The published stubs. They bring TensorFlow along, which is why load tests do without them."""
    from tensorflow.core.framework import tensor_pb2
    from tensorflow_serving.apis import predict_pb2

    return predict_pb2, tensor_pb2


@pytest.mark.slow
def test_the_real_stubs_read_our_request(stubs):
    import tensorflow as tf

    request = stubs[0].PredictRequest.FromString(grpc_tfserving.encode(DIGITS, {"image": BATCH}))
    assert request.model_spec.name == "digits_cnn"
    assert request.model_spec.signature_name == "serving_default"
    assert list(request.inputs) == ["image"]
    np.testing.assert_array_equal(tf.make_ndarray(request.inputs["image"]), BATCH)


@pytest.mark.slow
@pytest.mark.parametrize("name", BATCHES)
def test_the_real_stubs_read_every_input_with_its_dtype(stubs, name):
    import tensorflow as tf

    spec, batch = BATCHES[name]
    request = stubs[0].PredictRequest.FromString(grpc_tfserving.encode(spec, batch))
    assert_same({name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}, batch)


@pytest.mark.slow
def test_dtypes_have_the_numbers_that_tensorflow_gives_them(stubs):
    import tensorflow as tf

    for name, (number, field) in grpc_tfserving.DTYPES.items():
        assert tf.as_dtype(name).as_datatype_enum == number
        assert hasattr(stubs[1].TensorProto(), field)
    assert tf.string.as_datatype_enum == grpc_tfserving.DT_STRING


@pytest.mark.slow
def test_our_request_is_byte_for_byte_that_of_the_real_stubs(stubs):
    request = stubs[0].PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "digits_cnn", "serving_default"
    tensor = request.inputs["image"]
    tensor.dtype = 1
    for size in BATCH.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = BATCH.tobytes()
    assert grpc_tfserving.encode(DIGITS, {"image": BATCH}) == request.SerializeToString(deterministic=True)


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
    assert_same(grpc_tfserving.decode(response.SerializeToString(), 1, FOUR), {"probabilities": values})


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("values", [[3, 0, 1, 1, 1], [0, 0, 0, 0, 0]])
def test_we_read_every_dtype_from_the_list_that_the_real_stubs_have_for_it(stubs, dtype, values):
    expected = np.array([values]).astype(dtype)
    response = stubs[0].PredictResponse()
    proto = response.outputs["y"]
    proto.dtype = grpc_tfserving.DTYPES[dtype][0]
    for size in expected.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, FIELDS[dtype]).extend(expected[0, :3].tolist() if any(values) else [])
    found = grpc_tfserving.decode(response.SerializeToString(), 1, model(tensor("y", dtype, 5)))
    assert_same(found, {"y": expected})


def answer(**outputs):
    response = grpc_tfserving._MESSAGES["PredictResponse"]()
    for name, array in outputs.items():
        grpc_tfserving.fill_tensor(response.outputs[name], array)
    return response.SerializeToString()


@given(echoes())
def test_what_is_sent_reads_back_as_it_was(echo):
    spec, batch = echo
    request = grpc_tfserving._MESSAGES["PredictRequest"].FromString(grpc_tfserving.encode(spec, batch))
    response = grpc_tfserving._MESSAGES["PredictResponse"]()
    for name, proto in request.inputs.items():
        response.outputs[name].CopyFrom(proto)
    assert_same(grpc_tfserving.decode(response.SerializeToString(), 1, spec), batch)


@pytest.mark.parametrize("given", [b"", b"\xff\xff\xff", b"not a message at all"])
def test_what_is_not_an_answer_is_a_value_error(given):
    with pytest.raises(ValueError, match=r"PredictResponse|no output probabilities"):
        grpc_tfserving.decode(given, 1, FOUR)


def test_an_output_that_is_missing_or_of_another_dtype_is_a_value_error():
    scores, known = np.zeros((1, 3), np.float32), np.array([True])
    assert set(grpc_tfserving.decode(answer(scores=scores, known=known), 1, TWO)) == {"scores", "known"}
    with pytest.raises(ValueError, match="no output known: it has scores"):
        grpc_tfserving.decode(answer(scores=scores), 1, TWO)
    with pytest.raises(ValueError, match=r"scores is of dtype 2, not 1 \(float32\)"):
        grpc_tfserving.decode(answer(scores=scores.astype(np.float64), known=known), 1, TWO)


def test_tensorflow_is_not_imported():
    code = (
        "import sys; from serveoff.loadtests.payloads import payload_for; import numpy as np\n"
        "from serveoff.models.catalog import load_spec\n"
        "batch = {'image': np.zeros((1, 28, 28, 1), np.float32)}\n"
        "payload_for('grpc', 'tfserving').encode(load_spec('digits_cnn'), batch)\n"
        "print({'tensorflow', 'tensorflow_serving', 'torch', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_it_is_the_payload_of_its_api():
    payload = payload_for("grpc", "tfserving")
    assert (payload.kind, payload.method) == ("tensor", "/tensorflow.serving.PredictionService/Predict")
