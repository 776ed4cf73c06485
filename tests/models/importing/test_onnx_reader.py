"""ONNX graphs as people have them, read and asked as an import does, and adopted as the node `onnx`."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from serveoff.models.convert import onnx_external
from serveoff.models.importing import onnx_batch
from serveoff.models.importing.answering import answers, tensors_of
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.readers.onnx import Model
from serveoff.models.importing.source import Names, Source
from serveoff.models.jobs import child
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec, TensorSpec

RANDOM = np.random.default_rng(3)
ROWS = 6
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def weight(name, *shape):
    return numpy_helper.from_array(RANDOM.normal(size=shape).astype(np.float32), name)


def numbers(name, *values):
    return numpy_helper.from_array(np.array(values), name)


def graph(nodes, weights, x, y, kind=FLOAT, opset=17, given=FLOAT):
    ends = [helper.make_tensor_value_info("x", kind, x)], [helper.make_tensor_value_info("y", given, y)]
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(helper.make_graph(nodes, "g", *ends, weights), opset_imports=opsets, ir_version=8)


@pytest.fixture
def opened(tmp_path):
    """A reader of a model that lies in a file."""

    def opened(model, **said):
        onnx.save(model, tmp_path / "model.onnx")
        return Model(Source(kind="onnx", path=str(tmp_path / "model.onnx"), **said))

    child._notes.clear()
    return opened


def asked(reader, batch=None):
    """What an import finds, and what the node answers that it writes."""
    (port,) = reader.found.inputs
    inputs = {"x": RANDOM.random((ROWS, *port.shape[1:])).astype(port.dtype)} if batch is None else batch
    return inputs, answers(reader, Names(inputs={"x": port.name}), inputs)


def adopted(reader, answered, inputs, folder, rows=ROWS):
    """The answers of the node to so many rows at once."""
    spec = ModelSpec(
        name="m",
        description="",
        inputs=tuple(TensorSpec(name=n, shape=(-1, *a.shape[1:]), dtype=str(a.dtype)) for n, a in inputs.items()),
        outputs=tensors_of(answered.outputs, answered.names, reader.found),
        one_row=answered.one_row,
    )
    reader.adopt(folder, spec, answered.names)
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    return session.run([tensor.name for tensor in spec.outputs], {"x": inputs["x"][:rows]})


def flat():
    """Its one row is in the shape of a Reshape."""
    nodes = [helper.make_node("Reshape", ["x", "s"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
    return graph(nodes, [weight("w", 12, 5), numbers("s", 1, -1)], [1, 3, 2, 2], [1, 5])


def with_class_token():
    """As a vision transformer has it: a token of its own before the others, heads beside the rows in one axis."""
    nodes = [
        helper.make_node("Concat", ["token", "x"], ["all"], axis=1),
        helper.make_node("Reshape", ["all", "apart"], ["heads"]),
        helper.make_node("Transpose", ["heads"], ["swapped"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["swapped", "merged"], ["m"]),
        helper.make_node("Softmax", ["m"], ["soft"]),
        helper.make_node("Reshape", ["soft", "back"], ["y"]),
    ]
    shapes = [numbers("apart", 1, 4, 2, 3), numbers("merged", 2, 4, 3), numbers("back", 1, 2, 4, 3)]
    return graph(nodes, [weight("token", 1, 1, 6), *shapes], [1, 3, 6], [1, 2, 4, 3])


def with_states():
    """A recurrent layer whose first states are constants of one row."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["t", "W", "R", "", "", "h", "c"], ["", "last"], hidden_size=5),
        helper.make_node("Squeeze", ["last", "axis"], ["y"]),
    ]
    states = [weight("h", 1, 1, 5), weight("c", 1, 1, 5)]
    return graph(nodes, [weight("W", 1, 20, 4), weight("R", 1, 20, 5), *states, numbers("axis", 0)], [1, 7, 4], [1, 5])


def resized():
    sizes = numbers("sizes", 1, 3, 4, 4)
    nodes = [helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="nearest")]
    return graph(nodes, [sizes], [1, 3, 2, 2], [1, 3, 4, 4])


def swapped(given, made):
    return helper.make_node("Transpose", [given], [made], perm=[1, 0, 2])


def with_steps_first():
    """Attention as PyTorch has it: steps before rows, heads beside rows in one axis, then rows beside steps in one."""
    nodes = [
        swapped("x", "first"),
        helper.make_node("Reshape", ["first", "apart"], ["heads"]),
        swapped("heads", "by_head"),
        helper.make_node("Softmax", ["by_head"], ["soft"]),
        swapped("soft", "by_step"),
        helper.make_node("Reshape", ["by_step", "flat"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["wide"]),
        helper.make_node("Reshape", ["wide", "back"], ["steps"]),
        swapped("steps", "y"),
    ]
    shapes = [numbers("apart", 4, 2, 3), numbers("flat", 4, 6), numbers("back", 4, 1, 6)]
    return graph(nodes, [weight("w", 6, 6), *shapes], [1, 4, 6], [1, 4, 6])


FREED = {
    "flat": flat(),
    "class token": with_class_token(),
    "states": with_states(),
    "resized": resized(),
    "steps first": with_steps_first(),
}


@pytest.mark.parametrize("model", FREED.values(), ids=FREED)
def test_a_batch_of_one_is_made_free_where_the_graph_allows_it(opened, tmp_path, model):
    reader = opened(model)
    assert reader.found.inputs[0].shape[0] == -1
    inputs, answered = asked(reader)
    assert not answered.one_row
    (found,) = adopted(reader, answered, inputs, tmp_path)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = [session.run(None, {"x": inputs["x"][row : row + 1]})[0] for row in range(ROWS)]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-5, atol=1e-6)


def test_a_batch_of_several_is_made_free_too(opened, tmp_path):
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"])]
    reader = opened(graph(nodes, [numbers("s", 4, 6)], [4, 3, 2], [4, 6]))
    inputs, answered = asked(reader)
    assert adopted(reader, answered, inputs, tmp_path)[0].shape == (ROWS, 6)


def test_a_batch_of_several_that_cannot_be_made_free_is_refused_by_its_number(opened):
    nodes = [helper.make_node("MatMul", ["w", "x"], ["y"])]
    reader = opened(graph(nodes, [weight("w", 4, 4)], [4, 3], [4, 3]))
    with pytest.raises(Refused, match="its batch is fixed at 4") as raised:
        asked(reader)
    assert "dynamic_axes" in raised.value.advice


@pytest.mark.parametrize(("kind", "dtype"), [(TensorProto.FLOAT16, np.float16), (FLOAT, np.float32)])
def test_what_is_made_free_is_judged_by_what_it_computes_in(opened, monkeypatch, kind, dtype):
    freed = onnx_batch.freed

    def rounded(model, rows):
        free = freed(model, rows)
        (w,) = (weight for weight in free.graph.initializer if weight.name == "w")
        w.CopyFrom(numpy_helper.from_array((numpy_helper.to_array(w) * 1.002).astype(dtype), "w"))
        return free

    monkeypatch.setattr(onnx_batch, "freed", rounded)
    w = numpy_helper.from_array(np.ones((3, 1), dtype), "w")
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [w], [1, 3], [1, 1], kind, given=kind)
    assert asked(opened(model))[1].one_row == (dtype is np.float32)


def test_a_batch_of_one_that_cannot_be_made_free_is_asked_row_by_row(opened, tmp_path):
    nodes = [helper.make_node("Squeeze", ["x", "a"], ["s"]), helper.make_node("Unsqueeze", ["s", "a"], ["y"])]
    reader = opened(graph(nodes, [numbers("a", 0)], [1, 3], [1, 3]))
    inputs, answered = asked(reader)
    assert answered.one_row
    assert any("one row at a time" in note for note in child._notes)
    np.testing.assert_array_equal(answered.outputs["y"], inputs["x"])
    assert adopted(reader, answered, inputs, tmp_path, rows=1)[0].shape == (1, 3)


def test_dynamic_quantisation_is_asked_row_by_row(opened):
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    reader = opened(graph(nodes, [], ["n", 3], ["n", 3]))
    _, answered = asked(reader)
    assert answered.one_row
    assert reader.found.precision == "int8"
    assert "DynamicQuantizeLinear" in child._notes[0]


def forest(**labels):
    return helper.make_node(
        "TreeEnsembleClassifier", ["x"], ["label", "table"], domain="ai.onnx.ml", post_transform="NONE",
        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_values=[0.4, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0] * 4, class_nodeids=[1, 1, 2, 2], class_ids=[0, 1] * 2, class_weights=[0.9, 0.1, 0.2, 0.8],
        **labels,
    )  # fmt: skip


def test_maps_are_tables_and_strings_are_left_out(opened, tmp_path):
    zipped = helper.make_node("ZipMap", ["table"], ["y"], domain="ai.onnx.ml", classlabels_strings=["no", "yes"])
    model = graph([forest(classlabels_strings=["no", "yes"]), zipped], [], ["n", 4], None)
    maps = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(FLOAT, []))
    model.graph.output[0].CopyFrom(helper.make_value_info("y", helper.make_sequence_type_proto(maps)))
    model.graph.output.append(helper.make_tensor_value_info("label", TensorProto.STRING, ["n"]))
    reader = opened(model)
    inputs, answered = asked(reader)
    assert answered.outputs.keys() == {"table"}
    assert adopted(reader, answered, inputs, tmp_path)[0].shape == (ROWS, 2)
    assert child._notes[0].endswith("is served as table, with columns no, yes")
    assert "label is strings" in child._notes[1]


def test_a_model_of_strings_alone_is_refused(opened):
    nodes = [
        helper.make_node("LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", keys_int64s=[0], values_strings=["no"])
    ]
    with pytest.raises(Refused, match="no tensor of numbers"):
        opened(graph(nodes, [], ["n"], ["n"], INT64, given=TensorProto.STRING))


def test_inputs_that_are_no_numbers_are_refused_by_name(opened):
    strings = graph([helper.make_node("Identity", ["x"], ["y"])], [], ["n"], ["n"], TensorProto.STRING)
    with pytest.raises(Refused, match="its input x takes strings"):
        opened(strings)
    sequence = graph([helper.make_node("SequenceAt", ["x", "i"], ["y"])], [numbers("i", 0)], ["n"], ["n"])
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, ["n", 3]))
    sequence.graph.input[0].CopyFrom(helper.make_value_info("x", kind))
    with pytest.raises(Refused, match="its input x is a sequence"):
        opened(sequence)


def test_an_input_of_unknown_rank_is_left_open(opened):
    model = graph([helper.make_node("Relu", ["x"], ["y"])], [], None, None)
    assert opened(model).found.inputs[0].shape is None


@pytest.mark.parametrize("kind", ["FLOAT16", "INT8", "UINT16"])
def test_dtypes_that_are_not_served_are_cast_in_the_graph(opened, tmp_path, kind):
    number = TensorProto.DataType.Value(kind)
    reader = opened(graph([helper.make_node("Identity", ["x"], ["y"])], [], ["n", 3], ["n", 3], number, given=number))
    assert reader.found.inputs[0].dtype == ("float32" if kind == "FLOAT16" else "int32")
    inputs, answered = asked(reader)
    np.testing.assert_allclose(adopted(reader, answered, inputs, tmp_path)[0], inputs["x"], rtol=1e-3)


def test_weights_that_are_listed_as_inputs_are_none(opened, tmp_path):
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight("w", 3, 2)], ["n", 3], ["n", 2], opset=7)
    model.ir_version = 3
    model.graph.input.append(helper.make_tensor_value_info("w", FLOAT, [3, 2]))
    reader = opened(model)
    inputs, answered = asked(reader)
    assert adopted(reader, answered, inputs, tmp_path)[0].shape == (ROWS, 2)


def test_a_constant_takes_an_input_s_place(opened):
    model = graph([helper.make_node("Mul", ["x", "scale"], ["y"])], [], ["n", 3], ["n", 3])
    model.graph.input.append(helper.make_tensor_value_info("scale", FLOAT, []))
    reader = opened(model, constants={"scale": 2.0})
    inputs, answered = asked(reader)
    np.testing.assert_allclose(answered.outputs["y"], 2 * inputs["x"])
    with pytest.raises(Refused, match="it has no input scal") as refused:
        opened(model, constants={"scal": 2.0})
    assert refused.value.advice == "--set takes one of x, scale"


def test_an_output_that_is_an_input_gets_a_name_of_its_own(opened, tmp_path):
    model = graph([helper.make_node("Relu", ["x"], ["y"])], [], ["n", 3], ["n", 3])
    model.graph.output.append(model.graph.input[0])
    reader = opened(model)
    inputs, answered = asked(reader)
    assert answered.names.outputs == {"y": "y", "x_given": "x/given"}
    found = adopted(reader, answered, inputs, tmp_path)
    np.testing.assert_array_equal(found[1], inputs["x"])


def beside(folder, location="weights", size=3):
    """A model whose weight lies in a file beside it."""
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight("w", size, 2)], ["n", size], ["n", 2])
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    stored = onnx.load(folder / "model.onnx", load_external_data=False)
    stored.graph.initializer[0].external_data[0].value = location
    onnx.save(stored, folder / "model.onnx")
    return folder / "model.onnx"


def linked(folder):
    """As a hub's cache has it: both files are links to blobs without a suffix."""
    (folder / "blobs").mkdir()
    for name, blob in (("model.onnx", "1f"), ("weights", "2e")):
        (folder / name).rename(folder / "blobs" / blob)
    (folder / "snapshot").mkdir()
    for name, blob in (("model.onnx", "1f"), ("weights", "2e")):
        (folder / "snapshot" / name).symlink_to(folder / "blobs" / blob)
    return folder / "snapshot/model.onnx"


@pytest.mark.parametrize("is_linked", [False, True])
@pytest.mark.parametrize("most", [onnx_external.EMBEDDED_BYTES, 0])
def test_weights_beside_a_graph_or_where_links_lead(tmp_path, monkeypatch, is_linked, most):
    monkeypatch.setattr(onnx_external, "EMBEDDED_BYTES", most)
    path = beside(tmp_path)
    reader = Model(Source(kind="onnx", path=str(linked(tmp_path) if is_linked else path)))
    inputs, answered = asked(reader)
    (tmp_path / "node").mkdir()
    found = adopted(reader, answered, inputs, tmp_path / "node")
    np.testing.assert_allclose(found[0], answered.outputs["y"], rtol=1e-6)
    assert (tmp_path / "node/model.onnx_data").exists() == (most == 0)


@pytest.mark.parametrize(
    ("location", "says"), [("../weights", "not in the model's folder"), ("absent", "no such file")]
)
def test_weights_elsewhere_are_refused(tmp_path, location, says):
    (tmp_path / "model").mkdir()
    (tmp_path / "weights").write_bytes(bytes(24))
    path = beside(tmp_path / "model", location)
    with pytest.raises(Refused, match=says):
        Model(Source(kind="onnx", path=str(path)))


def test_a_file_of_weights_that_is_cut_off_is_named(tmp_path):
    path = beside(tmp_path)
    (tmp_path / "weights").write_bytes(bytes(20))
    with pytest.raises(Refused, match="weights, with its weights, is not whole: it ends before w does"):
        Model(Source(kind="onnx", path=str(path)))


def test_a_pointer_in_place_of_weights_beside_a_graph_is_called_so(tmp_path):
    path = beside(tmp_path, size=100)
    (tmp_path / "weights").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 97781234\n")
    with pytest.raises(ImportFailed, match="weights is a pointer of Git LFS, not the file"):
        Model(Source(kind="onnx", path=str(path)))


def test_an_operator_that_onnx_runtime_lacks_is_named(opened):
    model = graph([helper.make_node("Tokenize", ["x"], ["y"], domain="shop")], [], ["n", 3], ["n", 3])
    model.opset_import.append(helper.make_opsetid("shop", 1))
    with pytest.raises(Refused, match="no operator shop:Tokenize"):
        opened(model)


def test_a_state_without_rows_first_costs_no_other_output(opened):
    model = graph(
        [
            helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
            helper.make_node("GRU", ["t", "W", "R"], ["", "state"], hidden_size=5, direction="bidirectional"),
            helper.make_node("ReduceSum", ["state", "a"], ["y"], keepdims=0),
        ],
        [weight("W", 2, 15, 4), weight("R", 2, 15, 5), numbers("a", 0)],
        *([1, 7, 4], [1, 5]),
    )
    model.graph.output.append(helper.make_tensor_value_info("state", FLOAT, [2, 1, 5]))
    _, answered = asked(opened(model))
    assert (list(answered.outputs), answered.one_row) == (["y"], False)


def test_weights_that_are_kept_in_half_are_not_computed_in_half(opened):
    half = numpy_helper.from_array(RANDOM.normal(size=(3, 2)).astype(np.float16), "w")
    nodes = [helper.make_node("Cast", ["w"], ["wide"], to=FLOAT), helper.make_node("MatMul", ["x", "wide"], ["y"])]
    assert opened(graph(nodes, [half], ["n", 3], ["n", 2])).found.precision == ""


def test_a_dynamically_quantised_graph_for_one_row_is_not_made_free(opened):
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    assert asked(opened(graph(nodes, [], [1, 3], [1, 3])))[1].one_row


def test_an_operator_set_before_those_of_onnx_runtime_is_brought_to_a_newer_one(opened, tmp_path):
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], broadcast=1)]
    reader = opened(graph(nodes, [weight("w", 3, 2), weight("b", 2)], ["n", 3], ["n", 2], opset=6))
    inputs, answered = asked(reader)
    assert adopted(reader, answered, inputs, tmp_path)[0].shape == (ROWS, 2)


def test_an_output_without_a_type_has_the_one_that_is_inferred(opened):
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight("w", 3, 2)], ["n", 3], ["n", 2])
    model.graph.output[0].ClearField("type")
    inputs, answered = asked(reader := opened(model))
    assert reader.found.outputs == ("y",)
    assert answered.outputs["y"].shape == (len(inputs["x"]), 2)


def test_a_first_axis_of_minus_one_is_free(opened, tmp_path):
    reader = opened(graph([helper.make_node("Relu", ["x"], ["y"])], [], [-1, 3], [-1, 3]))
    inputs, answered = asked(reader)
    assert reader.found.inputs[0].shape == (-1, 3)
    np.testing.assert_allclose(adopted(reader, answered, inputs, tmp_path)[0], answered.outputs["y"])


def test_the_layers_of_a_state_are_no_batch_beside_a_free_one(opened):
    summed = helper.make_node("ReduceSum", ["h", "axes"], ["s"], keepdims=0)
    nodes = [summed, helper.make_node("Add", ["x", "s"], ["y"])]
    model = graph(nodes, [numbers("axes", 0)], ["n", 3], ["n", 3])
    model.graph.input.append(helper.make_tensor_value_info("h", FLOAT, [2, "n", 3]))
    assert [port.shape for port in opened(model).found.inputs] == [(-1, 3), (2, -1, 3)]


@pytest.mark.parametrize("layers", [1, 2])
def test_a_state_with_its_layers_first_is_a_constant_for_each_row(opened, tmp_path, layers):
    nodes = [
        helper.make_node("Slice", ["h0", "from", "to"], ["h"]),
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node("GRU", ["t", "W", "R", "", "", "h"], ["", "last"], hidden_size=5),
        helper.make_node("Squeeze", ["last", "axis"], ["y"]),
    ]
    constants = [weight("W", 1, 15, 4), weight("R", 1, 15, 5), numbers("axis", 0), numbers("from", 0), numbers("to", 1)]
    model = graph(nodes, constants, ["n", 7, 4], ["n", 5])
    model.graph.input.append(helper.make_tensor_value_info("h0", FLOAT, [layers, "n", 5]))
    assert [port.shape for port in opened(model).found.inputs] == [(-1, 7, 4), (layers, -1, 5)]
    reader = opened(model, constants={"h0": 0.0})
    inputs, answered = asked(reader)
    assert answered.outputs["y"].shape == (ROWS, 5)
    np.testing.assert_allclose(adopted(reader, answered, inputs, tmp_path)[0], answered.outputs["y"], rtol=1e-5)


def test_an_operator_that_onnx_runtime_has_not_in_float64_is_named(opened):
    double = TensorProto.DOUBLE
    kernel = numpy_helper.from_array(RANDOM.normal(size=(2, 3, 2, 2)), "w")
    model = graph([helper.make_node("Conv", ["x", "w"], ["y"])], [kernel], ["n", 3, 4, 4], None, double, given=double)
    with pytest.raises(Refused, match="ONNX Runtime has no Conv of float64") as refused:
        opened(model)
    assert (refused.value.operator, refused.value.advice) == ("Conv", "export it in float32")


@pytest.mark.parametrize("most", [onnx_external.EMBEDDED_BYTES, 0])
def test_weights_of_half_a_byte_lie_beside_a_graph(tmp_path, monkeypatch, most):
    monkeypatch.setattr(onnx_external, "EMBEDDED_BYTES", most)
    values = np.arange(-8, 8, dtype=np.int8).reshape(8, 2)
    packed = bytes((a & 15) | (b & 15) << 4 for a, b in values.tolist())
    (tmp_path / "weights").write_bytes(b"before" + packed)
    beside = onnx.TensorProto(
        name="w", data_type=TensorProto.INT4, dims=[8, 2], data_location=onnx.TensorProto.EXTERNAL
    )
    for key, value in (("location", "weights"), ("offset", "6"), ("length", str(len(packed)))):
        beside.external_data.add(key=key, value=value)
    scale = numpy_helper.from_array(np.float32(0.5), "scale")
    nodes = [helper.make_node("DequantizeLinear", ["w", "scale"], ["f"]), helper.make_node("MatMul", ["x", "f"], ["y"])]
    model = graph(nodes, [beside, scale], ["n", 8], ["n", 2], opset=21)
    model.ir_version = 10
    onnx.save(model, tmp_path / "model.onnx")
    reader = Model(Source(kind="onnx", path=str(tmp_path / "model.onnx")))
    inputs, answered = asked(reader)
    np.testing.assert_allclose(answered.outputs["y"], inputs["x"] @ (0.5 * values), atol=0.05)
    (tmp_path / "node").mkdir()
    found = adopted(reader, answered, inputs, tmp_path / "node")
    np.testing.assert_allclose(found[0], answered.outputs["y"], atol=0.05)
