"""What the manifest says of an artifact's tensors is what the artifact itself says, read natively."""

import numpy as np
import pytest

from serveoff.models import formats
from serveoff.models.agreement import TOLERANCE
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.manifest import ArtifactError, read_manifest
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import take
from serveoff.models.weights import read_weights, to_torch
from serveoff.models.zoo import load_spec

torch = pytest.importorskip("torch")
tf1 = tf.compat.v1
SPEC = load_spec("digits_cnn")


@pytest.fixture(autouse=True, scope="module")
def threads():
    configure(1, "cpu")


def said(tensor: TensorSpec):
    return tensor.name, tensor.shape, tensor.dtype


def read(name, shape, dtype):
    return name, tuple(-1 if size is None else size for size in shape), tf.as_dtype(dtype).name


def test_a_savedmodels_signature_is_the_manifests(model_dir):
    artifact = read_manifest(model_dir).artifacts["savedmodel"]
    signature = tf.saved_model.load(str(model_dir / "savedmodel" / "1")).signatures["serving_default"]
    inputs = signature.structured_input_signature[1]
    assert [read(name, spec.shape, spec.dtype) for name, spec in inputs.items()] == [*map(said, artifact.inputs)]
    outputs = signature.structured_outputs
    assert [read(name, spec.shape, spec.dtype) for name, spec in outputs.items()] == [*map(said, artifact.outputs)]


def test_a_frozen_graph_holds_constants_and_the_manifests_tensors(model_dir):
    artifact = read_manifest(model_dir).artifacts["frozen_graph"]
    graph_def = tf1.GraphDef.FromString((model_dir / "frozen_graph" / "frozen_graph.pb").read_bytes())
    assert [node.op for node in graph_def.node if "Variable" in node.op] == []
    constants = {node.name: tf.make_ndarray(node.attr["value"].tensor) for node in graph_def.node if node.op == "Const"}
    for name, weight in read_weights(model_dir).items():
        np.testing.assert_array_equal(constants[name], weight)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    for tensor in (*artifact.inputs, *artifact.outputs):
        found = graph.get_tensor_by_name(f"{tensor.name}:0")
        assert read(tensor.name, found.shape, found.dtype) == said(tensor)


def test_the_wrapping_of_a_frozen_graph_is_served_by_the_manifests_names_and_answers_alike(model_dir, golden):
    artifact = read_manifest(model_dir).artifacts["frozen_graph"]
    with tf.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], str(model_dir / "frozen_graph" / "serving" / "1"))
        signature = loaded.signature_def["serving_default"]
        (image,), (probabilities,) = signature.inputs.items(), signature.outputs.items()
        for (name, info), tensor in ((image, artifact.inputs[0]), (probabilities, artifact.outputs[0])):
            assert read(name, [dim.size for dim in info.tensor_shape.dim], info.dtype) == said(tensor)
        outputs = session.run(probabilities[1].name, {image[1].name: golden.inputs["image"]})
    np.testing.assert_allclose(outputs, golden.outputs["probabilities"], atol=TOLERANCE, rtol=0)


def test_torchscript_is_frozen_and_takes_the_manifests_input(model_dir):
    artifact = read_manifest(model_dir).artifacts["torchscript"]
    module = torch.jit.load(model_dir / "torchscript" / "model.pt")
    assert list(module.parameters()) == []
    assert [argument.name for argument in module.forward.schema.arguments[1:]] == [artifact.inputs[0].name]


def test_a_state_dict_holds_the_neutral_weights(model_dir):
    state = torch.load(model_dir / "torch_eager" / "model.pt", weights_only=True)
    expected = to_torch(read_weights(model_dir))
    assert state.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(state[name].numpy(), value)


@pytest.mark.parametrize("format", ["savedmodel", "frozen_graph", "torchscript", "keras_eager", "torch_eager"])
def test_every_format_takes_batches_of_any_size_and_answers_the_specs_rows(model_dir, golden, format):
    artifact = read_manifest(model_dir).artifacts[format]
    predict = formats.find(format).load(model_dir / artifact.path, SPEC).predict
    for rows in (1, 2, 7, 64):
        answers = predict(take(golden.inputs, slice(rows)))["probabilities"]
        assert answers.shape == (rows, *artifact.outputs[0].row_shape)
        assert answers.dtype == artifact.outputs[0].dtype
        assert answers.flags.c_contiguous
        np.testing.assert_allclose(answers, golden.outputs["probabilities"][:rows], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("format", ["tflite", "../formats", ""])
def test_an_unknown_format_is_named(format):
    with pytest.raises(ArtifactError, match="there is no format"):
        formats.find(format)
