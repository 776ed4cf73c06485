"""Every step, on networks of an image and tokens: names, order, dtypes, layout and a free number of rows are kept."""

import itertools

import numpy as np
import onnx
import pytest

from serveoff.models import convert
from serveoff.models.agreement import agreement
from serveoff.models.formats.savedmodel import SIGNATURE
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import BYTES_SIGNATURE
from serveoff.models.tensors import misfit, take
from tests.models.convert.networks import COMPILED, SPECS, predict_of
from tests.uncompiled import has_compiler

pytestmark = pytest.mark.slow

WAYS = [
    ("keras", "savedmodel"),
    ("keras", "frozen_graph"),
    ("keras", "savedmodel", "frozen_graph"),
    ("keras", "frozen_graph", "savedmodel"),
    ("keras", "frozen_graph", "onnx"),
    ("keras", "frozen_graph", "onnx", "savedmodel"),
    ("keras", "frozen_graph", "onnx", "onnx_torch"),
    ("keras", "frozen_graph", "onnx", "onnx_torch", "torchscript"),
    ("keras", "frozen_graph", "onnx", "onnx_torch", "torchscript", "torch_export"),
    ("torch", "torchscript", "torch_export"),
    ("torch", "torch_export"),
    ("torch", "torchscript"),
    ("torch", "torchscript", "onnx"),
    ("torch", "onnx"),
    ("torch", "onnx", "savedmodel"),
    ("torch", "onnx", "savedmodel", "frozen_graph"),
    ("torch", "torchscript", "onnx", "savedmodel"),
    ("torch", "torch_export", "onnx"),
    ("torch", "torch_export", "torchscript"),
]


@pytest.mark.parametrize("way", WAYS, ids=" > ".join)
def test_answers_are_the_source_s(node, golden, way):
    spec = SPECS[way[0]]
    predict = predict_of(way[-1], node(*way), spec)
    found = agreement(predict, golden[way[0]], batches=(0, 1, 2, 5))
    assert found.ok, found
    answer = predict(take(golden[way[0]].inputs, slice(3)))
    assert misfit(answer, spec.outputs, 3) == ""
    assert list(answer) == [tensor.name for tensor in spec.outputs]
    assert any(node(*way).glob("compiled-*.pt2")) == (way == COMPILED and has_compiler())


def test_every_step_is_tried():
    tried = {pair for way in WAYS for pair in itertools.pairwise(way)}
    assert tried == {(edge.source, edge.target) for edge in convert.EDGES}


@pytest.mark.parametrize("way", [way for way in WAYS if way[-1] == "onnx"], ids=" > ".join)
def test_onnx_has_the_names_order_and_dtypes_of_the_spec_and_a_free_first_axis(node, way):
    model = onnx.load(node(*way) / "model.onnx")
    onnx.checker.check_model(model)
    for values, tensors in ((model.graph.input, SPECS[way[0]].inputs), (model.graph.output, SPECS[way[0]].outputs)):
        assert [value.name for value in values] == [tensor.name for tensor in tensors]
        for value, tensor in zip(values, tensors, strict=True):
            kind = value.type.tensor_type
            assert kind.shape.dim[0].dim_param == "batch"
            assert tuple(axis.dim_value for axis in kind.shape.dim[1:]) == tensor.row_shape
            assert onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type) == tensor.dtype


@pytest.mark.parametrize("way", [way for way in WAYS if way[-1] == "savedmodel"], ids=" > ".join)
def test_a_savedmodel_takes_rows_as_bytes_too(node, golden, way):
    spec, expected = SPECS[way[0]], golden[way[0]]
    signatures = tf.saved_model.load(str(node(*way) / "1")).signatures
    assert set(signatures) == {SIGNATURE, BYTES_SIGNATURE}
    rows = {tensor.bytes_name: [row.tobytes() for row in expected.inputs[tensor.name]] for tensor in spec.inputs}
    answer = signatures[BYTES_SIGNATURE](**{name: tf.constant(strings) for name, strings in rows.items()})
    np.testing.assert_array_equal(answer["total"], expected.outputs["total"])
