"""What TensorFlow Serving replays, read by its own messages."""

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serveoff.models.frameworks.warm_up import FILE, write_warm_up
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import zeros

SPEC = ModelSpec(
    name="several",
    title="Several",
    description="",
    inputs=(
        TensorSpec(name="image", shape=(-1, 28, 28, 1), dtype="float32"),
        TensorSpec(name="tokens", shape=(-1, 300), dtype="int64"),
        TensorSpec(name="flag", shape=(-1,), dtype="bool"),
    ),
    outputs=(TensorSpec(name="y", shape=(-1, 1), dtype="float32"),),
)

ROW = zeros(SPEC.inputs) | {"tokens": np.arange(300)[None]}


def test_one_row_for_the_signature_that_is_served(tmp_path):
    write_warm_up(ROW, SPEC, tmp_path)
    (record,) = tf.compat.v1.io.tf_record_iterator(str(tmp_path / FILE))
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    assert (request.model_spec.name, request.model_spec.signature_name) == ("several", "serving_default")
    assert set(request.inputs) == {"image", "tokens", "flag"}
    for tensor in SPEC.inputs:
        rows = tf.make_ndarray(request.inputs[tensor.name])
        assert rows.dtype == tensor.dtype
        np.testing.assert_array_equal(rows, ROW[tensor.name])
