"""The signature that takes rows as bytes: restored into a Session, as TensorFlow Serving does, and by TensorFlow 2."""

import numpy as np
import pytest

from serveoff.models.agreement import TOLERANCE
from serveoff.models.encoded_rows import decode_rows
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import BYTES_SIGNATURE, TensorSpec

tf1 = tf.compat.v1
SERVED = ["savedmodel/1", "frozen_graph/serving/1"]
SMALL = TensorSpec(name="x", shape=(-1, 2, 1), dtype="float32")
ROW = np.float32([1.5, -2.0]).tobytes()


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


def rows_as_bytes(inputs):
    return np.array([row.astype("<f4").tobytes() for row in inputs], dtype=object)


@pytest.mark.parametrize("path", SERVED)
def test_a_session_answers_bytes_as_it_answers_numbers(model_dir, golden, path):
    with tf.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], str(model_dir / path))
        answers = {}
        for name, batch in (
            ("serving_default", golden.inputs["image"]),
            (BYTES_SIGNATURE, rows_as_bytes(golden.inputs["image"])),
        ):
            signature = loaded.signature_def[name]
            (taken,), (given,) = signature.inputs.values(), signature.outputs.values()
            answers[name] = session.run(given.name, {taken.name: batch})
            np.testing.assert_allclose(answers[name], golden.outputs["probabilities"], atol=TOLERANCE, rtol=0)
        assert list(loaded.signature_def[BYTES_SIGNATURE].inputs) == ["image_bytes"]
    np.testing.assert_array_equal(answers["serving_default"], answers[BYTES_SIGNATURE])


@pytest.mark.parametrize("path", SERVED)
def test_tensorflow_2_loads_it_beside_the_other(model_dir, golden, path):
    loaded = tf.saved_model.load(str(model_dir / path))
    strings = tf.constant(rows_as_bytes(golden.inputs["image"]).tolist())
    answers = loaded.signatures[BYTES_SIGNATURE](image_bytes=strings)["probabilities"].numpy()
    np.testing.assert_allclose(answers, golden.outputs["probabilities"], atol=TOLERANCE, rtol=0)


def test_the_wrapping_holds_one_copy_of_the_weights(model_dir):
    frozen = (model_dir / "frozen_graph" / "frozen_graph.pb").stat().st_size
    wrapped = (model_dir / "frozen_graph" / "serving" / "1" / "saved_model.pb").stat().st_size
    assert wrapped < frozen * 1.1


def test_a_row_is_read_as_little_endian_float32():
    np.testing.assert_array_equal(decode_rows(tf.constant([ROW, ROW]), SMALL), np.float32([[[1.5], [-2.0]]] * 2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("row_shape", [(), (3,), (2, 3)])
def test_rows_of_every_dtype_and_shape(dtype, row_shape):
    rows = np.arange(4 * np.prod(row_shape, dtype=int)).reshape(4, *row_shape).astype(dtype)
    tensor = TensorSpec(name="x", shape=(-1, *row_shape), dtype=dtype)
    decoded = decode_rows(tf.constant([row.tobytes() for row in rows]), tensor).numpy()
    assert decoded.dtype == dtype
    np.testing.assert_array_equal(decoded, rows)


def test_any_byte_but_0_is_true():
    tensor = TensorSpec(name="x", shape=(-1, 3), dtype="bool")
    np.testing.assert_array_equal(decode_rows(tf.constant([b"\x00\x01\x02"]), tensor), [[False, True, True]])


@pytest.mark.parametrize(
    "strings",
    [[b""], [ROW[:-1]], [ROW[:-4]], [ROW + ROW], [ROW[:4], ROW[4:]], [ROW, ROW[:4]]],
    ids=["empty", "half a number", "too short", "two in one", "one in two", "two sizes"],
)
def test_a_row_of_another_length_is_refused(strings):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_rows(tf.constant(strings), SMALL)
