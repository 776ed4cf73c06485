"""The request is held against the stubs of tensorflow-serving-api, which load tests cannot carry."""

import numpy as np
import pytest

from serveoff.loadtests.payloads import grpc_tfserving, payload_for
from tests.loadtests.payloads.models import BATCHES, DIGITS

predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
tf = pytest.importorskip("tensorflow")

BATCH = np.random.default_rng(3).random((2, 28, 28, 1), dtype=np.float32)
PAYLOAD = payload_for("grpc", "tfserving", "grpc_tfserving_bytes")


def test_the_request_is_one_string_a_row_for_the_signature_that_decodes_them():
    request = predict_pb2.PredictRequest.FromString(PAYLOAD.encode(DIGITS, {"image": BATCH}))
    assert (request.model_spec.name, request.model_spec.signature_name) == ("digits_cnn", "serving_bytes")
    assert list(request.inputs) == ["image_bytes"]
    strings = tf.make_ndarray(request.inputs["image_bytes"])
    assert strings.shape == (2,)
    assert [bytes(row) for row in strings] == [row.astype("<f4").tobytes() for row in BATCH]


def test_the_official_client_writes_the_same_bytes():
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "digits_cnn", "serving_bytes"
    rows = np.array([row.tobytes() for row in BATCH], dtype=object)
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(rows))
    assert PAYLOAD.encode(DIGITS, {"image": BATCH}) == request.SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", BATCHES)
def test_each_input_has_strings_of_its_own_dtypes_bytes(name):
    spec, batch = BATCHES[name]
    request = predict_pb2.PredictRequest.FromString(PAYLOAD.encode(spec, batch))
    assert set(request.inputs) == {t.bytes_name for t in spec.inputs}
    for t in spec.inputs:
        read = tf.io.decode_raw(tf.make_ndarray(request.inputs[t.bytes_name]), t.dtype)
        np.testing.assert_array_equal(read.numpy().reshape(batch[t.name].shape), batch[t.name])


def test_it_differs_from_the_tensor_in_what_it_carries_only():
    assert (PAYLOAD.kind, PAYLOAD.method) == ("bytes", grpc_tfserving.method)
    assert PAYLOAD.decode is grpc_tfserving.decode


def test_a_tensor_of_numpy_is_sent_as_bytes_by_the_official_client_too():
    """`float_val`, a list of floats, is no usual client's form: make_tensor_proto never writes it for a batch."""
    for values in (BATCH, BATCH.tolist()):
        proto = tf.make_tensor_proto(values, tf.float32)
        assert (len(proto.float_val), len(proto.tensor_content)) == (0, BATCH.nbytes)
