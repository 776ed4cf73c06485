"""SavedModels as people have them: of several graphs, and without a signature."""

import numpy as np
import pytest

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing import kinds
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.readers import opened
from serveoff.models.importing.source import Source

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
