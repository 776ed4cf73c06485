"""What a SavedModel's signature leaves out, and whether its method name counts."""

from __future__ import annotations

import numpy as np
import pytest
from tensorflow.core.protobuf import saved_model_pb2

from serveoff.services.tfserving.embedded import example_inference, inference
from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.servable import SessionOptions, load
from serveoff.services.tfserving.embedded.signatures import REGRESS
from tests.services.tfserving.saved_models import half_plus


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


def predicted(servable):
    signature, x = servable.signatures["serving_default"], np.float32([[2.0], [4.0]])
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
