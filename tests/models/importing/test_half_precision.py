"""TensorFlow's graphs of numbers that no payload carries: requests and answers carry wider ones, in their tolerance."""

import numpy as np
import pytest

from serveoff.models.formats import frozen_graph, savedmodel
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing.answering import answers, tensors_of
from serveoff.models.importing.readers import opened
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.source import Source
from serveoff.models.spec import ModelSpec

pytestmark = pytest.mark.usefixtures("tensorflow")
tf1 = tf.compat.v1
ROWS = np.linspace(0, 1, 6, dtype=np.float32).reshape(3, 2)


def saved(folder, dtype="float16", compute=lambda x: x / 3):
    x = tf.TensorSpec([None, 2], dtype, "x")
    call = tf.function(lambda x: {"y": compute(x)}, input_signature=[x])
    tf.saved_model.save(tf.Module(), str(folder), signatures=call)
    return Source(kind="savedmodel", path=str(folder))


def frozen(folder, dtype="float16", compute=lambda x: x / 3):
    with tf.Graph().as_default() as graph:
        tf.identity(compute(tf1.placeholder(dtype, [None, 2], "x")), name="y")
    (folder / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return Source(kind="frozen_graph", path=str(folder / "graph.pb"), fetch=("y",))


@pytest.mark.parametrize(("made", "format"), [(saved, savedmodel), (frozen, frozen_graph)])
def test_floats_of_16_bits_are_carried_as_float32(made, format, tmp_path):
    reader = opened(made(tmp_path))
    assert reader.found.precision == "float16"
    inputs, names = resolve_inputs("it", reader.found, (), {})
    answered = answers(reader, names, {"x": ROWS})
    outputs, names = answered.outputs, answered.names
    spec = ModelSpec(name="half", description="", inputs=inputs, outputs=tensors_of(outputs, names, reader.found))
    assert [(tensor.name, tensor.dtype, tensor.precision) for tensor in spec.outputs] == [("y", "float32", "float16")]
    (tmp_path / "node").mkdir()
    reader.adopt(tmp_path / "node", spec, names)
    found = format.load(tmp_path / "node", spec).predict({"x": ROWS})
    assert found["y"].dtype == np.float32
    assert np.allclose(found["y"], outputs["y"], atol=1e-3)


@pytest.mark.parametrize(("made", "format"), [(saved, savedmodel), (frozen, frozen_graph)])
@pytest.mark.parametrize(
    ("dtype", "wider"), [("int8", "int32"), ("int16", "int32"), ("uint16", "int32"), ("uint32", "int64")]
)
def test_small_integers_are_carried_by_wider_ones(made, format, dtype, wider, tmp_path):
    reader = opened(made(tmp_path, dtype, lambda x: x + x))
    inputs, names = resolve_inputs("it", reader.found, (), {})
    rows = {"x": np.arange(6).reshape(3, 2).astype(wider)}
    answered = answers(reader, names, rows)
    outputs = tensors_of(answered.outputs, answered.names, reader.found)
    spec = ModelSpec(name="small", description="", inputs=inputs, outputs=outputs)
    assert [tensor.dtype for tensor in (*spec.inputs, *spec.outputs)] == [wider, wider]
    (tmp_path / "node").mkdir()
    reader.adopt(tmp_path / "node", spec, answered.names)
    found = format.load(tmp_path / "node", spec).predict(rows)
    np.testing.assert_array_equal(found["y"], 2 * rows["x"])
