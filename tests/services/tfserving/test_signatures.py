"""What a SavedModel's signature and its callers leave out, whether its method name counts, and several at once."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from serveoff.services.tfserving.embedded import example_inference, inference
from serveoff.services.tfserving.embedded.batching import Batcher
from serveoff.services.tfserving.embedded.config import BatchingParameters
from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.servable import SessionOptions, load
from serveoff.services.tfserving.embedded.signatures import CLASSIFY, REGRESS
from tests.services.tfserving.saved_models import half_plus, half_plus_tf2


@pytest.fixture
def version(tmp_path):
    """A model whose signatures have no shapes, as TensorFlow Serving's own half_plus_three, and their own method."""
    file = half_plus(3.0, tmp_path / "1") / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for signature in model.meta_graphs[0].signature_def.values():
        signature.method_name = "mine"
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            info.ClearField("tensor_shape")
    file.write_bytes(model.SerializeToString())
    return file.parent


def predicted(servable, x=((2.0,), (4.0,))):
    signature, x = servable.signatures["serving_default"], np.float32(x)
    return inference.predict(servable, signature, {"x": x}, (), inference.run_at_once)["y"].tolist()


def test_an_unset_shape_is_unknown_and_no_scalar(version):
    assert predicted(load("m", 1, version, SessionOptions())) == [[4.0], [5.0]]


def test_the_method_name_counts_only_where_it_is_checked(version):
    free, checked = (load("m", 1, version, SessionOptions(check_methods=check)) for check in (False, True))
    regress = (REGRESS, [], inference.run_at_once)
    with pytest.raises(ServingError, match="Input is empty"):
        example_inference.infer(free, "regress_x_to_y", *regress)
    with pytest.raises(ServingError, match="Expected regression signature method_name to be"):
        example_inference.infer(checked, "regress_x_to_y", *regress)
    with pytest.raises(ServingError) as caught:
        predicted(checked)
    assert caught.value.code is Code.INTERNAL


@pytest.mark.parametrize(("x", "y"), [([2.0, 4.0], [4.0, 5.0]), (2.0, 4.0)])
def test_a_column_may_be_a_vector_or_one_scalar(tmp_path, x, y):
    assert predicted(load("m", 1, half_plus(3.0, tmp_path / "1"), SessionOptions()), x) == y


@pytest.mark.parametrize("batching", [False, True])
def test_several_signatures_with_an_input_each_are_fed_the_same_examples(tmp_path, batching):
    servable = load("m", 1, half_plus_tf2(2.0, tmp_path / "1"), SessionOptions())
    signatures = [servable.signatures[name] for name in ("regress_x_to_y", "classify_x_to_y")]
    assert len({signature.inputs["inputs"].name for signature in signatures}) == 2
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[2.0]))
    examples = [tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString()]
    tasks = [("regress_x_to_y", REGRESS), ("classify_x_to_y", CLASSIFY)]
    run = Batcher(BatchingParameters()).run if batching else inference.run_at_once
    regression, classification = example_inference.multi_inference(servable, tasks, examples, run)
    assert [row.value for row in regression.regressions] == [3.0]
    assert [[c.score for c in row.classes] for row in classification.classifications] == [[3.0]]
