"""Old and new operator sets and functions, brought to the words that onnx2torch and the rules for TensorFlow know."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from serveoff.models.convert import onnx_modern
from serveoff.models.convert.onnx_models import OPSET
from serveoff.models.convert.onnx_shapes import with_constant_shapes
from serveoff.models.spec import ModelSpec, TensorSpec

X = np.random.default_rng(3).normal(size=(3, 4, 6)).astype(np.float32)


def made(nodes, opset, constants=None, functions=(), **also):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    ends[0] = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 6])
    weights = [numpy_helper.from_array(np.array(value), name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(*entry) for entry in also.items())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)


def answer(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": X})[0]


OLD = {
    "upsample": made(
        [helper.make_node("Upsample", ["x", "s"], ["y"])], 9, {"s": np.array([1, 1, 2], np.float32)}
    ),
    "resize between": made(
        [helper.make_node("Resize", ["x", "s"], ["y"], mode="linear")], 10, {"s": np.array([1, 1, 1.5], np.float32)}
    ),
    "slice": made([helper.make_node("Slice", ["x"], ["y"], axes=[1], starts=[1], ends=[3])], 9),
    "pad": made([helper.make_node("Pad", ["x"], ["y"], pads=[0, 0, 1, 0, 0, 1], value=0.5)], 10),
    "clip": made([helper.make_node("Clip", ["x"], ["y"], min=0.2, max=0.7)], 7),
}  # fmt: skip
NEW = {
    "reduce": made([helper.make_node("ReduceMax", ["x", "a"], ["y"], keepdims=0)], 18, {"a": [1]}),
    "reshape": made([helper.make_node("Reshape", ["x", "s"], ["y"])], 23, {"s": [0, -1]}),
    "split": made([helper.make_node("Split", ["x"], ["y", "z"], axis=1, num_outputs=2)], 21),
    "pad": made([helper.make_node("Pad", ["x", "p"], ["y"])], 21, {"p": [0, 0, 1, 0, 0, 1]}),
    "constant of a shape": made(
        [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("ConstantOfShape", ["s"], ["y"])], 21
    ),
    "gelu": made([helper.make_node("Gelu", ["x"], ["y"])], 20),
}


@pytest.mark.parametrize("model", [*OLD.values(), *NEW.values()], ids=[*OLD, *(f"new-{name}" for name in NEW)])
def test_a_graph_answers_the_same_in_another_operator_set(model):
    other = onnx_modern.at_opset(model)
    assert onnx_modern.opset_of(other) == OPSET
    np.testing.assert_allclose(answer(other), answer(model), rtol=1e-6)


def test_who_reads_newer_sets_keeps_them():
    assert onnx_modern.opset_of(onnx_modern.at_least(NEW["reduce"])) == 18


def test_what_the_converter_of_onnx_cannot_do_stays():
    model = made([helper.make_node("Pad", ["x", "p", "", "a"], ["y"])], 18, {"p": [1, 1], "a": [2]})
    assert onnx_modern.at_opset(model) is model


def test_functions_of_its_own_are_written_out():
    body = [helper.make_node("Sigmoid", ["a"], ["s"]), helper.make_node("Mul", ["a", "s"], ["b"])]
    swish = helper.make_function("shop", "Swish", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    model = made([helper.make_node("Swish", ["x"], ["y"], domain="shop")], 17, functions=[swish], shop=1)
    inlined = onnx_modern.inlined(model)
    assert [node.op_type for node in inlined.graph.node] == ["Sigmoid", "Mul"]
    np.testing.assert_allclose(answer(inlined), answer(model), rtol=1e-6)


def test_an_operator_is_written_out_where_onnx_defines_it_by_others():
    model = made([helper.make_node("Mish", ["x"], ["y"])], 18)
    simpler = onnx_modern.written_out(model, "Mish")
    assert [node.op_type for node in simpler.graph.node] == ["Softplus", "Tanh", "Mul"]
    assert onnx_modern.written_out(model, "Softplus") is None
    assert onnx_modern.written_out(made([helper.make_node("Sin", ["x"], ["y"])], 17), "Sin") is None


def test_shapes_of_a_graph_for_one_row_are_found_with_one_row(tmp_path):
    nodes = [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Reshape", ["x", "s"], ["y"])]
    model = made(nodes, 17)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    tensors = (TensorSpec(name="x", shape=(-1, 4, 6), dtype="float32"),)
    spec = ModelSpec(name="one", description="", inputs=tensors, outputs=(), one_row=True)
    found = with_constant_shapes(model, spec, tmp_path)
    assert [node.op_type for node in found.graph.node] == ["Reshape"]
    assert numpy_helper.to_array(found.graph.initializer[0]).tolist() == [1, 4, 6]
