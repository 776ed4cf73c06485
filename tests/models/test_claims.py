"""Executable evidence for what the article says of how each framework is written: claims C3, C4 and C5."""

import keras
import numpy as np
import pytest
from torch import nn

from serveoff.models import formats
from serveoff.models.agreement import TOLERANCE
from serveoff.models.formats.torch_eager import filled
from serveoff.models.frameworks.keras_weights import set_weights
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.weights import read_weights
from serveoff.models.zoo import load_spec
from serveoff.models.zoo.digits_cnn import LAYERS, keras_model, tf1_graph, torch_module

tf1 = tf.compat.v1
SPEC = load_spec("digits_cnn")


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


@pytest.fixture
def weights(model_dir):
    return read_weights(model_dir)


@pytest.fixture
def model(weights):
    model = keras_model.build()
    set_weights(model, weights)
    return model


@pytest.fixture
def eagerness(monkeypatch):
    """Records, each time the Keras network's Python code runs, whether it runs eagerly."""
    record = []
    original = keras_model.DigitsCNN.call

    def call(self, image):
        record.append(tf.executing_eagerly())
        return original(self, image)

    monkeypatch.setattr(keras_model.DigitsCNN, "call", call)
    return record


def built():
    """The TF1 graph's only input and output."""
    ((image,), (probabilities,)) = (tensors.values() for tensors in tf1_graph.build())
    return image, probabilities


def test_c3_a_tf1_tensor_has_no_value_until_a_session_runs_it(weights, golden):
    with tf.Graph().as_default(), tf1.Session() as session:
        image, probabilities = built()
        assert image.op.type == "Placeholder"
        assert tf1.executing_eagerly() is False
        with pytest.raises(AttributeError, match="numpy"):
            probabilities.numpy()
        with pytest.raises(TypeError, match="symbolic"):
            list(probabilities)
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        with pytest.raises(tf.errors.InvalidArgumentError, match="feed a value for placeholder"):
            session.run(probabilities)
        value = session.run(probabilities, {image: golden.inputs["image"]})
    np.testing.assert_allclose(value, golden.outputs["probabilities"], atol=TOLERANCE, rtol=0)


def test_c3_a_tf1_variable_has_no_value_without_a_session_either():
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1_graph.build()
        kernel = next(variable for variable in tf1.global_variables() if variable.op.name == "conv1/kernel")
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized"):
            session.run(kernel)
        session.run(tf1.global_variables_initializer())
        assert session.run(kernel).shape == (3, 3, 1, 32)


def test_c4_tf2_is_eager_by_default_and_one_line_makes_it_a_graph(model, golden, eagerness):
    eager = model(golden.inputs["image"])
    model(golden.inputs["image"])
    assert eagerness == [True, True]  # the Python code runs at every call, and its results are values

    graph_model = tf.function(model)  # the one line

    graph = graph_model(golden.inputs["image"])
    graph_model(golden.inputs["image"])
    assert eagerness == [True, True, False]  # traced once, then the graph runs without Python
    np.testing.assert_allclose(graph.numpy(), eager.numpy(), atol=TOLERANCE, rtol=0)


def test_c4_keras_eager_is_served_eagerly(model_dir, golden, eagerness):
    predict = formats.find("keras_eager").load(model_dir / "keras_eager", SPEC).predict
    eagerness.clear()  # building the network traced it once for its shapes
    predict(golden.inputs)
    predict(golden.inputs)
    assert eagerness == [True, True]


def test_c5_both_networks_are_subclasses_with_the_same_layers(weights):
    assert issubclass(torch_module.DigitsCNN, nn.Module)
    assert issubclass(keras_model.DigitsCNN, keras.Model)
    assert tuple(name for name, _ in torch_module.build().named_children()) == LAYERS
    assert tuple(layer.name for layer in keras_model.build().layers if layer.weights) == LAYERS
    assert {name.split("/")[0] for name in weights} == set(LAYERS)


def test_c5_the_networks_agree_on_inputs_they_never_saw(model, weights):
    noise = np.random.default_rng(0).random((32, *SPEC.inputs[0].row_shape), np.float32)
    module = filled(SPEC, weights)
    in_torch = formats.torch_eager.calling(module, SPEC, "cpu").predict({"image": noise})["probabilities"]
    in_keras = model(noise).numpy()
    with tf.Graph().as_default(), tf1.Session() as session:
        image, probabilities = built()
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        in_tf1 = session.run(probabilities, {image: noise})
    np.testing.assert_allclose(in_keras, in_torch, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(in_tf1, in_torch, atol=TOLERANCE, rtol=0)
    assert len(set(in_torch.argmax(axis=1))) > 1  # the noise is told apart, so agreeing means something
