"""The request that TensorFlow Serving replays before it says that a model is ready.

It stands in a SavedModel's version folder: https://www.tensorflow.org/tfx/serving/saved_model_warmup. The few messages
around the tensors are written here as protobuf has them on the wire, for TensorFlow comes without TensorFlow Serving's.
"""

from pathlib import Path

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import SIGNATURE, ModelSpec
from serveoff.models.tensors import Array, Batch

FILE = "assets.extra/tf_serving_warmup_requests"


def write_warm_up(row: Batch, spec: ModelSpec, version: Path) -> None:
    """Ask for one row: a TFRecord of one PredictionLog. How often it is replayed is the server's flag."""
    path = version / FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(_prediction_log(row, spec.name))


def _prediction_log(row: Batch, name: str) -> bytes:
    """PredictionLog.predict_log (6) .request (1): PredictRequest of model_spec (1) and a map of inputs (2)."""
    model = _field(1, name.encode()) + _field(3, SIGNATURE.encode())
    inputs = [_field(2, _field(1, name.encode()) + _field(2, _tensor(array))) for name, array in row.items()]
    return _field(6, _field(1, _field(1, model) + b"".join(inputs)))


def _tensor(array: Array) -> bytes:
    """A TensorProto; one value stands for all where they are the same."""
    value = array.flat[0] if (array == array.flat[0]).all() else array
    proto: bytes = tf.make_tensor_proto(value, shape=array.shape).SerializeToString()
    return proto


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field: https://protobuf.dev/programming-guides/encoding/."""
    length, head = len(content), bytearray([number << 3 | 2])
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + content
