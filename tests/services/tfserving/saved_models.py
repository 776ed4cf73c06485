"""Small SavedModels, written as TensorFlow Serving's own test data is: answers known by heart."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

v1 = tf.compat.v1
SIGNATURES = v1.saved_model.signature_def_utils


def half_plus(addend: float, folder: Path) -> Path:
    """TF1: y = x / 2 + addend, by tensor and, for classify and regress, by tf.Example."""
    with tf.Graph().as_default(), v1.Session() as session:
        serialized = v1.placeholder(tf.string, [None], name="tf_example")
        feature = {"x": tf.io.FixedLenFeature([1], tf.float32)}
        x = tf.identity(tf.io.parse_example(serialized, feature)["x"], name="x")
        half = v1.get_variable("half", initializer=0.5, use_resource=False)
        y = tf.add(half * x, addend, name="y")
        session.run(v1.global_variables_initializer())
        info = v1.saved_model.utils.build_tensor_info
        definitions = {
            "serving_default": ({"x": x}, {"y": y}, "predict"),
            "classify_x_to_y": ({"inputs": serialized}, {"scores": y}, "classify"),
            "regress_x_to_y": ({"inputs": serialized}, {"outputs": y}, "regress"),
        }
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={
                name: SIGNATURES.build_signature_def(
                    {k: info(v) for k, v in inputs.items()},
                    {k: info(v) for k, v in outputs.items()},
                    f"tensorflow/serving/{method}",
                )
                for name, (inputs, outputs, method) in definitions.items()
            },
        )
        builder.save()
    return folder


class _HalfPlus(tf.Module):
    def __init__(self, addend: float) -> None:
        super().__init__()
        self.addend = tf.Variable(addend)

    def _line(self, examples):
        return tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"] / 2 + self.addend

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def classify(self, inputs):
        return {"scores": self._line(inputs)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def regress(self, inputs):
        return {"outputs": self._line(inputs)}


def half_plus_tf2(addend: float, folder: Path) -> Path:
    """TF2: y = x / 2 + addend by tf.Example; each signature has an input of its own."""
    module = _HalfPlus(addend)
    signatures = {"classify_x_to_y": module.classify, "regress_x_to_y": module.regress}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


class _Several(tf.Module):
    """TF2: signatures with several tensors, strings, integers, and a result that depends on the version."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = tf.Variable(version, dtype=tf.int64)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "a"), tf.TensorSpec([None], tf.int32, "b")])
    def two(self, a, b):
        return {"sum": a + tf.cast(b, tf.float32), "is_big": a > 10.0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def text(self, text):
        return {"upper": tf.strings.upper(text), "raw_bytes": text}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def which(self, x):
        return {"version": tf.fill(tf.shape(x), self.version)}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
    def matrix(self, x):
        return {"doubled": x * 2.0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def inverse(self, x):
        return {"inverse": 1.0 / x}


def several(version: int, folder: Path) -> Path:
    """TF2: `serving_default` answers the version; `two`, `text`, `matrix`, `inverse` are the others."""
    module = _Several(version)
    functions = {name: getattr(module, name) for name in ("two", "text", "matrix", "inverse")}
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.which, **functions})
    return folder


class _Echo(tf.Module):
    """Gives back what it was given, so that a test sees what arrived."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 2], tf.uint8, "pixels"),
            tf.TensorSpec([None], tf.int64, "ids"),
            tf.TensorSpec([None], tf.bool, "flags"),
            tf.TensorSpec([None], tf.string, "texts"),
            tf.TensorSpec([None, 1], tf.float64, "doubles"),
            tf.TensorSpec([None], tf.int32, "counts"),
        ]
    )
    def every(self, pixels, ids, flags, texts, doubles, counts):
        given = {"pixels": pixels, "ids": ids, "flags": flags, "texts": texts, "doubles": doubles, "counts": counts}
        return {f"{name}_back": tf.identity(tensor) for name, tensor in given.items()}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.int64, "tokens")])
    def one(self, tokens):
        return {"total": tf.reduce_sum(tokens, axis=1)}


def echo(folder: Path) -> Path:
    """TF2: `every` takes and gives a tensor of each type, `serving_default` sums int64 tokens."""
    module = _Echo()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.one, "every": module.every})
    return folder
