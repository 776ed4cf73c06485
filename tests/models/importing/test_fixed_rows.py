"""TensorFlow's graphs that were exported for one row: any number is tried, or the way out is told."""

import numpy as np
import pytest

from serveoff.models.formats import frozen_graph
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing.answering import answers, tensors_of
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.readers import opened
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.source import Source
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec

pytestmark = pytest.mark.usefixtures("tensorflow")
tf1 = tf.compat.v1
ROWS = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


@pytest.fixture
def frozen(tmp_path):
    """A frozen graph for one image of free height, with the shapes in it that it had, as detection networks have."""

    def write(shape):
        with tf.Graph().as_default() as graph:
            x = tf1.placeholder(tf.float32, [1, None, 2], "x")
            tf.reshape(x * 2, shape, name="y")
        path = tmp_path / "graph.pb"
        path.write_bytes(graph.as_graph_def(add_shapes=True).SerializeToString())
        return opened(Source(kind="frozen_graph", path=str(path), fetch=("y",)))

    return write


def test_a_graph_for_one_row_takes_any_where_it_can(frozen, tmp_path):
    reader = frozen([-1, 6])
    assert (reader.found.inputs[0].shape, reader.found.fixed) == ((-1, -1, 2), 1)
    inputs, names = resolve_inputs("graph.pb", reader.found, (), {"x": ROWS})
    answered = answers(reader, names, {"x": ROWS})
    assert not answered.one_row
    outputs = tensors_of(answered.outputs, answered.names, reader.found)
    spec = ModelSpec(name="free", description="", inputs=inputs, outputs=outputs)
    (tmp_path / "node").mkdir()
    reader.adopt(tmp_path / "node", spec, answered.names)
    found = frozen_graph.load(tmp_path / "node", spec).predict({"x": ROWS})
    np.testing.assert_array_equal(found["y"], 2 * ROWS.reshape(4, 6))


@pytest.mark.parametrize("shape", [[1, 6], [1, -1]])
def test_a_graph_that_holds_for_one_row_alone_is_told_with_the_way_out(frozen, shape):
    reader = frozen(shape)
    _, names = resolve_inputs("graph.pb", reader.found, (), {"x": ROWS})
    with pytest.raises(Refused, match="its batch is fixed at 1, and what it computes holds for no other") as refused:
        answers(reader, names, {"x": ROWS})
    assert "or import the ONNX file that python -m tf2onnx.convert makes" in refused.value.advice


def test_a_signature_for_one_row_is_told_with_the_way_out(tmp_path):
    call = tf.function(lambda x: {"y": x * 2}, input_signature=[tf.TensorSpec([1, 2], tf.float32, "x")])
    tf.saved_model.save(tf.Module(), str(tmp_path), signatures=call)
    with pytest.raises(ImportFailed, match="fixed at 1") as failed:
        resolve_inputs("saved", opened(Source(kind="savedmodel", path=str(tmp_path))).found, (), {})
    assert "python -m tf2onnx.convert" in failed.value.problem.advice
