"""Inputs of TensorFlow's graphs that are one number for a whole batch: `--set` makes constants of them."""

import numpy as np
import pytest

from serveoff.models import formats
from serveoff.models.formats import frozen_graph
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing import kinds
from serveoff.models.importing.answering import answers
from serveoff.models.importing.constants import array_of
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.readers import opened
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.source import Source, parsed, written
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec

pytestmark = pytest.mark.usefixtures("tensorflow")
tf1 = tf.compat.v1
ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)
X = parsed("x:float32[-1,2]")
BOTH = {"keep": 1.0, "phase": False}


@pytest.fixture
def frozen(tmp_path):
    """The source of y = x * keep_prob, with noise where is_training; `shapes` of both placeholders, or defaults."""

    def write(shape=(), default=False, **flags):
        with tf.Graph().as_default() as graph:
            x = tf1.placeholder(tf.float32, [None, 2], "x")
            if default:
                keep, training = (tf1.placeholder_with_default(v, [], n) for v, n in ((0.5, "keep"), (False, "phase")))
            else:
                keep, training = (tf1.placeholder(t, shape, n) for t, n in ((tf.float32, "keep"), (tf.bool, "phase")))
            noise = tf.cond(tf.reshape(training, []), lambda: tf.random.uniform([1]), lambda: tf.zeros([1]))
            tf.identity(x * keep + noise, "y")
        (tmp_path / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
        return Source(kind="frozen_graph", path=str(tmp_path / "graph.pb"), fetch=("y",), **flags)

    return write


@pytest.mark.parametrize("shape", [(), None, (1,), (None,), (None, 1)])
def test_a_placeholder_becomes_a_constant(frozen, shape, tmp_path):
    source = frozen(shape, constants={"keep": 0.5, "phase:0": False})
    kinds.find(source.kind).check(source)
    reader = opened(source)
    inputs, names = resolve_inputs("graph.pb", reader.found, (), {})
    assert list(map(written, inputs)) == ["x:float32[-1,2]"]
    assert np.allclose(reader.predict({"x:0": ROWS})["y:0"], ROWS / 2)
    outputs = (X.model_copy(update={"name": "y"}),)
    (tmp_path / "node").mkdir()
    spec = ModelSpec(name="scaled", description="", inputs=inputs, outputs=outputs)
    reader.adopt(tmp_path / "node", spec, names.model_copy(update={"outputs": {"y": "y:0"}}))
    assert (tmp_path / "node/serving/1/saved_model.pb").is_file()


def test_without_a_value_the_flags_that_help_are_told(frozen):
    with pytest.raises(ImportFailed, match="keep and phase are single numbers") as failed:
        resolve_inputs("graph.pb", opened(frozen()).found, (), {})
    assert failed.value.problem.advice.endswith("--set keep=1.0 --set phase=false")


def test_a_default_holds_where_nothing_is_set(frozen):
    assert np.allclose(opened(frozen(default=True)).predict({"x:0": ROWS})["y:0"], ROWS / 2)
    reader = opened(frozen(default=True, constants={"keep": 1.0}))
    assert np.allclose(reader.predict({"x:0": ROWS})["y:0"], ROWS)


def test_a_constant_that_cannot_be_is_refused(frozen):
    with pytest.raises(Refused, match=r"its input phase is bool, which cannot be 0.5"):
        opened(frozen(constants={"phase": 0.5}))
    source = frozen(constants={"kep": 1.0})
    with pytest.raises(ImportFailed, match="has no placeholder 'kep'\n  next: --set takes x, keep, phase"):
        kinds.find(source.kind).check(source)


def test_defaults_are_told_as_what_may_be_set(frozen):
    (keep, phase), none = (opened(frozen(default=True, **flags)).found.defaulted for flags in ({}, {"constants": BOTH}))
    assert (keep.name, keep.dtype, keep.shape, phase.name) == ("keep:0", "float32", (), "phase:0")
    assert none == ()


@pytest.mark.parametrize("kind", ["savedmodel", "frozen_graph"])
def test_a_state_is_a_constant_for_each_row(kind, tmp_path):
    module = tf.Module()
    specs = tf.TensorSpec([None, 3], tf.float32, "x"), tf.TensorSpec([2, None, 3], tf.float32, "h0")
    call = tf.function(lambda x, h0: {"y": tf.concat([x, h0[0], h0[1]], axis=1)}, input_signature=specs)
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=call)
    source = Source(kind=kind, path=str(tmp_path / "m"), constants={"h0": 0.5})
    if kind == "frozen_graph":
        with tf.Graph().as_default() as graph:
            x, state = (tf1.placeholder(spec.dtype, spec.shape, spec.name) for spec in specs)
            tf.concat([x, state[0], state[1]], axis=1, name="y")
        (tmp_path / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
        source = source.model_copy(update={"path": str(tmp_path / "graph.pb")})
    reader = opened(source)
    (inputs, names), rows = resolve_inputs("m", reader.found, (), {}), np.ones((4, 3), np.float32)
    answered = answers(reader, names, {"x": rows + np.arange(4, dtype=np.float32)[:, None]})
    assert answered.outputs["y"].shape == (4, 9)
    assert np.all(answered.outputs["y"][:, 3:] == 0.5)
    spec = ModelSpec(name="s", description="", inputs=inputs, outputs=(parsed("y:float32[-1,9]"),))
    (tmp_path / "node").mkdir()
    reader.adopt(tmp_path / "node", spec, answered.names)
    node = formats.load(kind, tmp_path / "node", spec)
    assert node.predict({"x": rows})["y"].shape == (4, 9)


def test_text_cannot_be_set():
    with pytest.raises(Refused, match="its input image_bytes is string, and --set gives numbers"):
        array_of("image_bytes", "string", (), 1.0)


@pytest.mark.parametrize("shape", [(), None, (None,), (None, 1)])
def test_an_input_of_a_signature_becomes_a_constant(tmp_path, shape):
    module = tf.Module()
    x, scale = tf.TensorSpec([None, 2], tf.float32, "x"), tf.TensorSpec(shape, tf.float32, "scale")
    call = tf.function(lambda x, scale: {"y": x * scale}, input_signature=[x, scale])
    tf.saved_model.save(module, str(tmp_path), signatures=call.get_concrete_function(x=x, scale=scale))
    source = Source(kind="savedmodel", path=str(tmp_path))
    if shape == ():
        with pytest.raises(ImportFailed, match="--set scale=VALUE"):
            resolve_inputs("saved", opened(source).found, (), {})
    reader = opened(source.model_copy(update={"constants": {"scale": 3.0}}))
    assert resolve_inputs("saved", reader.found, (), {})[0] == (X,)
    assert np.allclose(reader.predict({"x": ROWS})["y"], ROWS * 3)
    with pytest.raises(Refused, match="it has no input size"):
        opened(source.model_copy(update={"constants": {"size": 3.0}}))


def test_a_signature_of_strings_is_refused_with_one_that_takes_numbers(tmp_path):
    module = tf.Module()
    parse = tf.function(lambda examples: {"y": tf.strings.length(examples)})
    call = tf.function(lambda x: {"y": x * 2})
    signatures = {
        "serving_default": parse.get_concrete_function(tf.TensorSpec([None], tf.string, "examples")),
        "predict": call.get_concrete_function(tf.TensorSpec([None, 2], tf.float32, "x")),
    }
    tf.saved_model.save(module, str(tmp_path), signatures=signatures)
    with pytest.raises(Refused, match="the input examples of its signature serving_default is string") as refused:
        opened(Source(kind="savedmodel", path=str(tmp_path)))
    assert refused.value.advice == "name a signature that takes numbers: --signature predict"


def test_a_drop_out_that_keeps_all_leaves_no_random_operator(tmp_path):
    with tf.Graph().as_default() as graph:
        x, keep = tf1.placeholder(tf.float32, [None, 2], "x"), tf1.placeholder(tf.float32, name="keep_prob")
        tf.identity(tf1.nn.dropout(x * 3, keep_prob=keep), "y")
    (tmp_path / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    source = Source(kind="frozen_graph", path=str(tmp_path / "graph.pb"), fetch=("y",), constants={"keep_prob": 1.0})
    reader = opened(source)
    inputs, names = resolve_inputs("graph.pb", reader.found, (), {})
    spec = ModelSpec(name="d", description="", inputs=inputs, outputs=(X.model_copy(update={"name": "y"}),))
    (tmp_path / "node").mkdir()
    reader.adopt(tmp_path / "node", spec, names.model_copy(update={"outputs": {"y": "y:0"}}))
    frozen = tf1.GraphDef.FromString((tmp_path / "node/frozen_graph.pb").read_bytes())
    assert not [node for node in frozen.node if "Random" in node.op]
    assert np.allclose(frozen_graph.load(tmp_path / "node", spec).predict({"x": ROWS})["y"], ROWS * 3)
