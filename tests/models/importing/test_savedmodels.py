"""SavedModels as people have them: of several graphs, and without a signature."""

import numpy as np
import pytest

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing import kinds
from serveoff.models.importing.answering import answers
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.readers import opened
from serveoff.models.importing.source import Names, Source
from serveoff.models.jobs import child
from serveoff.models.jobs.child import Refused

pytestmark = pytest.mark.usefixtures("tensorflow")
tf1 = tf.compat.v1


def test_of_several_graphs_that_for_serving_is_taken(tmp_path):
    folder = str(tmp_path / "m")
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], "x")
        w = tf1.get_variable("w", initializer=np.float32([[1], [2]]))
        session.run(tf1.global_variables_initializer())
        signatures = {"serving_default": tf1.saved_model.predict_signature_def({"x": x}, {"y": x @ w})}
        builder = tf1.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.add_meta_graph(["serve", "tpu"], signatures)
        builder.save()
    source = Source(kind="savedmodel", path=folder)
    kinds.find("savedmodel").check(source)
    assert opened(source).predict({"x": np.float32([[3, 4]])})["y"].tolist() == [[11]]


def signed(folder, call, *specs):
    tf.saved_model.save(tf.Module(), str(folder), signatures=tf.function(call, input_signature=specs))
    return Source(kind="savedmodel", path=str(folder))


def test_an_operator_of_a_library_is_named(tmp_path):
    source = signed(tmp_path, lambda x: {"y": tf.math.erfinv(x)}, tf.TensorSpec([None, 2], tf.float32, "x"))
    file = tmp_path / "saved_model.pb"
    file.write_bytes(file.read_bytes().replace(b"Erfinv", b"Forest"))
    with pytest.raises(Refused, match="TensorFlow has no operator Forest: a library adds it") as refused:
        opened(source)
    assert refused.value.operator == "Forest"
    assert refused.value.advice.startswith("export it without that operator")


def test_records_are_told_with_the_receiver_that_takes_none(tmp_path):
    def parse(examples):
        return {"y": tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]}

    source = signed(tmp_path, parse, tf.TensorSpec([None], tf.string, "examples"))
    with pytest.raises(Refused, match=r"its signature serving_default takes tf\.Example records") as refused:
        opened(source)
    assert "build_raw_serving_input_receiver_fn" in refused.value.advice


def test_strings_beside_numbers_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "_notes", [])
    x = tf.TensorSpec([None, 2], tf.float32, "x")
    reader = opened(
        signed(tmp_path, lambda x: {"y": x * 2, "version": tf.constant("1.2"), "label": tf.as_string(x[:, 0])}, x)
    )
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert list(answers(reader, Names(inputs={"x": "x"}), {"x": rows}).outputs) == ["y"]
    assert len(child._notes) == 2


def test_a_module_without_a_signature_is_told_how_to_get_one(tmp_path):
    class Module(tf.Module):
        @tf.function
        def __call__(self, x):
            return 2 * x

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None, 2]))
    tf.saved_model.save(module, str(tmp_path / "m"))
    with pytest.raises(ImportFailed, match="has no signature: nothing in it says what a request holds") as refused:
        kinds.find("savedmodel").check(Source(kind="savedmodel", path=str(tmp_path / "m")))
    assert "signatures=module.__call__.get_concrete_function(" in refused.value.problem.advice
