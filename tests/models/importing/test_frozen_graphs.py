"""Frozen graphs as people have them: what comes out of them, and operators that TensorFlow has not."""

import numpy as np
import pytest

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing import kinds
from serveoff.models.importing.readers import opened
from serveoff.models.importing.source import Source
from serveoff.models.jobs.child import Refused

pytestmark = pytest.mark.usefixtures("tensorflow")
tf1 = tf.compat.v1


@pytest.fixture
def frozen(tmp_path):
    """The source of what is made of x, with some bytes of its file in place of others."""

    def write(make, old=b"", new=b"", **flags):
        with tf.Graph().as_default() as graph:
            make(tf1.placeholder(tf.float32, [None, 3], "x"))
        path = tmp_path / "graph.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString().replace(old, new))
        source = Source(kind="frozen_graph", path=str(path), **flags)
        kinds.find(source.kind).check(source)
        return source

    return write


def test_all_results_of_the_last_operations_come_out(frozen):
    reader = opened(frozen(lambda x: (tf.math.top_k(x, 2, name="best"), tf.no_op("nothing"))))
    assert reader.found.outputs == ("best:0", "best:1")
    answer = reader.predict({"x:0": np.float32([[3, 9, 4]])})
    assert [answer[name].tolist() for name in reader.found.outputs] == [[[9, 4]], [[1, 2]]]
    named = frozen(lambda x: tf.math.top_k(x, 2, name="best"), fetch=("best",))
    assert opened(named).found.outputs == ("best:0",)


def test_one_text_beside_the_numbers_is_an_array(frozen):
    reader = opened(frozen(lambda x: (x * 2, tf.identity("1.2", name="version"))))
    assert reader.predict({"x:0": np.ones((2, 3), np.float32)})["version:0"].shape == ()


def test_an_operator_of_a_library_is_named(frozen):
    with pytest.raises(Refused, match="TensorFlow has no operator Forest: a library adds it") as refused:
        opened(frozen(tf.math.erfinv, b"Erfinv", b"Forest"))
    assert refused.value.operator == "Forest"
