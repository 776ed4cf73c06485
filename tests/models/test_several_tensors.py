"""Several inputs and outputs, of any dtype, through every format: exported, loaded, asked and checked."""

import numpy as np
import pytest

from serveoff.models import formats, zoo
from serveoff.models.agreement import agreement
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.golden import Golden
from serveoff.models.spec import BYTES_SIGNATURE, FORMATS
from serveoff.models.tensors import misfit, take, zeros
from tests.uncompiled import find_no_compiler

pytest.importorskip("torch")
tf1 = tf.compat.v1
SERVED = {"savedmodel": "savedmodel/1", "frozen_graph": "frozen_graph/serving/1"}


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


@pytest.fixture
def kinds(small_zoo):
    """Numbers of each dtype, and what the model answers; some are beyond what a float32 can hold."""
    spec, random = zoo.load_spec("kinds"), np.random.default_rng(2)
    numbers = random.integers(0, 100, (5, 2, 3))
    inputs = {tensor.name: numbers.astype(tensor.dtype) for tensor in spec.inputs}
    inputs["bool_in"], inputs["int64_in"] = numbers > 50, numbers + 2**53
    inputs["float64_in"] += 1e-9
    outputs = {name.replace("_in", "_out"): array + array for name, array in inputs.items()}
    outputs["bool_out"] = ~inputs["bool_in"]
    return Golden(inputs, outputs)


@pytest.fixture
def exported(small_zoo, tmp_path):
    def export(model, format, weights):
        folder = tmp_path / format
        folder.mkdir()
        formats.find(format).export(zoo.load_spec(model), weights, folder)
        return folder

    return export


@pytest.fixture
def trained(small_zoo):
    return zoo.network("pair", "recipe").learn(lambda: None)


@pytest.mark.parametrize("format", FORMATS)
def test_two_inputs_and_two_outputs_of_floats_and_integers(exported, trained, format, monkeypatch):
    find_no_compiler(monkeypatch)
    spec, folder = zoo.load_spec("pair"), exported("pair", format, trained.weights)
    loaded = formats.find(format).load(folder, spec)
    assert agreement(loaded.predict, trained.golden).ok
    for rows in (1, 2, 7):
        answers = loaded.predict(take(trained.golden.inputs, slice(rows)))
        assert misfit(answers, spec.outputs, rows) == ""
        assert all(array.flags.c_contiguous for array in answers.values())
    for call in loaded.calls.values():
        assert agreement(call, trained.golden).ok


@pytest.mark.parametrize("format", FORMATS)
def test_every_dtype(exported, kinds, format, monkeypatch):
    find_no_compiler(monkeypatch)
    spec, folder = zoo.load_spec("kinds"), exported("kinds", format, {})
    loaded = formats.find(format).load(folder, spec)
    found = agreement(loaded.predict, kinds)
    assert found.ok, found
    assert misfit(loaded.predict(zeros(spec.inputs, 2)), spec.outputs, 2) == ""
    assert loaded.layers == {}
    assert loaded.no_layers
    assert loaded.device == "cpu"


@pytest.mark.parametrize("format", ["frozen_graph", "keras_eager", "torch_eager"])
def test_a_layer_of_a_model_of_two_inputs(exported, trained, format):
    spec, folder = zoo.load_spec("pair"), exported("pair", format, trained.weights)
    loaded, given, weights = formats.find(format).load(folder, spec), trained.golden.inputs, trained.weights
    words = weights["word_embedding/embeddings"][given["word"]]
    expected = np.maximum((given["values"] + words) @ weights["hidden/kernel"] + weights["hidden/bias"], 0)
    answer = loaded.layers["hidden"](given)
    assert answer.keys() == {"hidden"}
    np.testing.assert_allclose(answer["hidden"], expected, atol=1e-5)


@pytest.mark.parametrize("format", SERVED)
def test_rows_of_every_dtype_as_bytes_are_answered_as_numbers_are(exported, kinds, tmp_path, format):
    exported("kinds", format, {})
    strings = {f"{name}_bytes": as_bytes(array) for name, array in kinds.inputs.items()}
    with tf.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], str(tmp_path / SERVED[format]))
        for name, batch in (("serving_default", kinds.inputs), (BYTES_SIGNATURE, strings)):
            signature = loaded.signature_def[name]
            assert signature.inputs.keys() == batch.keys()
            feeds = {signature.inputs[key].name: array for key, array in batch.items()}
            answers = session.run({key: info.name for key, info in signature.outputs.items()}, feeds)
            assert agreement(lambda _, answers=answers: answers, kinds, batches=[0]).ok


def as_bytes(array):
    rows = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return np.array([row.tobytes() for row in rows], dtype=object)


def test_an_input_that_the_network_does_not_use_is_taken_all_the_same(tmp_path):
    """As a mask that an import found to be all ones: the graph keeps its placeholder."""
    from serveoff.models.formats import frozen_graph
    from serveoff.models.spec import ModelSpec, TensorSpec

    x, unused = (TensorSpec(name=name, shape=(-1, 2), dtype="float32") for name in ("x", "unused"))
    spec = ModelSpec(name="half", description="", inputs=(x, unused), outputs=(x.model_copy(update={"name": "y"}),))
    with tf.Graph().as_default() as graph:
        for tensor in spec.inputs:
            tf1.placeholder(tf.float32, [None, 2], tensor.name)
        tf.nn.relu(graph.get_tensor_by_name("x:0"), name="y")
    frozen_graph.write(graph.as_graph_def(), spec, tmp_path)
    answers = frozen_graph.load(tmp_path, spec).predict({"x": np.float32([[1, -1]]), "unused": np.zeros((1, 2), "f4")})
    np.testing.assert_array_equal(answers["y"], [[1, 0]])
