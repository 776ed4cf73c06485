"""What cannot be converted is a reason in words and, where one is to blame, the operator's name."""

import json
import re
import sys
from types import SimpleNamespace

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from serveoff.models.convert import Unconvertible, torch_steps
from serveoff.models.formats import frozen_graph
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import ModelSpec, TensorSpec
from tests.models.convert.networks import step

SPEC = ModelSpec(
    name="strange",
    description="",
    inputs=(TensorSpec(name="x", shape=(-1, 3, 3), dtype="float32"),),
    outputs=(TensorSpec(name="y", shape=(-1, 3, 3), dtype="float32"),),
)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def refused(source, tmp_path):
    target = tmp_path / "target"
    target.mkdir()

    def run(*ends):
        with pytest.raises(Unconvertible) as raised:
            step(*ends, source, target, SPEC)
        assert "\n" not in raised.value.reason
        return raised.value

    return run


@pytest.fixture
def written(source, monkeypatch):
    """A user's nn.Module as the node `torch`."""

    def write(module):
        monkeypatch.setitem(sys.modules, "strange_modules", SimpleNamespace(made=lambda: module))
        torch.save(module.state_dict(), source / "model.pt")
        (source / "module.json").write_text(json.dumps({"factory": "strange_modules:made"}))

    return write


def test_an_operator_that_tf2onnx_does_not_know(source, refused):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3, 3], name="x")
        tf.bitcast(tf.bitcast(x, tf.int32), tf.float32, name="y")
    frozen_graph.write(graph.as_graph_def(), SPEC, source)
    error = refused("frozen_graph", "onnx")
    assert error.operator == "Bitcast"
    assert error.reason == "tf2onnx has no rule for the operator Bitcast"


@pytest.mark.parametrize(("target", "whose"), [("savedmodel", "TensorFlow"), ("onnx_torch", "onnx2torch")])
def test_an_operator_of_onnx_without_a_rule(source, refused, target, whose):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3, 3]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Hardmax", ["x"], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, source / "model.onnx")
    error = refused("onnx", target)
    assert error.operator == "Hardmax"
    assert whose in error.reason


class Bessel(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(x)


def test_an_operator_that_the_exporter_of_pytorch_does_not_know(written, refused):
    written(Bessel())
    error = refused("torch", "onnx")
    assert error.operator.endswith("bessel_j0")
    assert f"no rule for the operator {error.operator}" in error.reason


def test_an_operator_that_the_older_exporter_does_not_know(source, refused):
    torch.jit.script(Bessel()).save(str(source / "model.pt"))
    assert refused("torchscript", "onnx").operator == "aten::special_bessel_j0"


class CountsRows(nn.Module):
    """Python's own arithmetic on the number of rows: it cannot be compiled, and a trace bakes it in."""

    def forward(self, *tensors):
        (x,) = tensors
        return x * float(f"{len(x)}")


def test_a_trace_that_holds_for_its_example_only(written, refused):
    written(CountsRows())
    assert "a trace does not hold" in refused("torch", "torchscript").reason


class Shifted(nn.Module):
    def forward(self, *tensors):
        return tensors[0] + 1


@pytest.mark.parametrize("raised", [AssertionError, OSError, KeyError, RuntimeError])
def test_whatever_the_compiler_raises_the_module_is_traced(tmp_path, monkeypatch, raised):
    def stumble(module):
        raise raised("in torch.jit.frontend")

    monkeypatch.setattr(torch.jit, "script", stumble)
    torch_steps.write_script(Shifted(), SPEC, tmp_path)
    assert (tmp_path / "model.pt").is_file()


def test_what_cannot_be_compiled_is_traced(tmp_path):
    assert torch_steps.scripted(Shifted(), SPEC) is None
    torch_steps.write_script(Shifted(), SPEC, tmp_path)
    loaded = torch.jit.load(tmp_path / "model.pt")
    assert torch.equal(loaded(torch.zeros(9, 3, 3))[0], torch.ones(9, 3, 3))


class Branches(nn.Module):
    def forward(self, x):
        if x.sum() > 3:
            return x * 2
        return x


class OfArrays(nn.Module):
    def forward(self, x):
        return torch.from_numpy(x.numpy() + 1)


class Clamped(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)


class Customized(nn.Module):
    def forward(self, x):
        return Clamped.apply(x)


class LoopsOverRows(nn.Module):
    def forward(self, x):
        return torch.stack([row[row > 0].sum() + row for row in x])


@pytest.mark.parametrize(
    ("module", "target", "says"),
    [
        (Branches, "torch_export", "course depends on its inputs' values"),
        (Branches, "torch_export", r"test_unconvertible.py, line \d+: if x.sum\(\) > 3:"),
        (Branches, "onnx", "course depends on its inputs' values"),
        (OfArrays, "torch_export", "reads its inputs' values in Python; at test_unconvertible.py"),
        (LoopsOverRows, "torch_export", "computes with the number of rows as a fixed number"),
        (Customized, "torchscript", "the function Clamped is Python"),
    ],
)
def test_python_that_no_graph_holds_is_told_with_its_line(written, refused, module, target, says):
    written(module())
    assert re.search(says, refused("torch", target).reason)


class Attends(nn.Module):
    """Of three axes: the exporter's own rule takes four."""

    def forward(self, x):
        return nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)


def test_an_operator_whose_rule_does_not_take_it_is_decomposed(written, source, tmp_path):
    written(Attends())
    step("torch", "onnx", source, tmp_path, SPEC)
    assert (tmp_path / "model.onnx").is_file()
