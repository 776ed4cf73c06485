"""Models that look values up in tables, as Keras' IntegerLookup does: tables are saved; a frozen graph has none."""

import numpy as np
import pytest

from serveoff.models.convert import Unconvertible
from serveoff.models.formats import savedmodel
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing import kinds
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.source import Source, parsed
from serveoff.models.spec import ModelSpec
from tests.models.convert.networks import step

import keras  # isort: skip

SPEC = ModelSpec(
    name="looks_up", description="", inputs=(parsed("code:int64[-1,1]"),), outputs=(parsed("y:float32[-1,4]"),)
)


@pytest.fixture
def folders(tmp_path):
    """Of a Keras file, and of what it is converted to."""
    for name in ("keras", "target"):
        (tmp_path / name).mkdir()
    code = keras.Input((1,), dtype="int64", name="code")
    y = keras.layers.IntegerLookup(vocabulary=[3, 7, 11], output_mode="one_hot", name="y")(code)
    keras.Model(code, y).save(tmp_path / "keras/model.keras")
    return tmp_path / "keras", tmp_path / "target"


def test_a_table_is_saved_with_the_graph(folders):
    step("keras", "savedmodel", *folders, SPEC)
    found = savedmodel.load(folders[1], SPEC)
    codes = {"code": np.array([[7], [5]])}
    assert np.array_equal(found.predict(codes)["y"], [[0, 0, 1, 0], [1, 0, 0, 0]])
    assert np.array_equal(found.quickest()(codes)["y"], found.predict(codes)["y"])


def test_a_frozen_graph_cannot_have_one(folders):
    with pytest.raises(Unconvertible, match="keeps a lookup table") as refused:
        step("keras", "frozen_graph", *folders, SPEC)
    assert refused.value.operator == "LookupTableFindV2"


def test_a_frozen_graph_that_refers_to_one_is_refused(tmp_path):
    with tf.Graph().as_default() as graph:
        pairs = tf.lookup.KeyValueTensorInitializer([1, 2], [10, 20], tf.int64, tf.int64)
        table = tf.lookup.StaticHashTable(pairs, -1, name="codes")
        tf.identity(table.lookup(tf.compat.v1.placeholder(tf.int64, [None], "x")), name="y")
    (tmp_path / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    source = Source(kind="frozen_graph", path=str(tmp_path / "graph.pb"), fetch=("y",))
    with pytest.raises(ImportFailed, match=r"codes \(HashTableV2\) is a lookup table"):
        kinds.find(source.kind).check(source)
