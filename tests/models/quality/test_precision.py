"""Lower precisions: what an artifact is computed in says so, and answers nearly as it did."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from serveoff.models import formats
from serveoff.models.formats import onnx as onnx_format
from serveoff.models.golden import read_golden
from serveoff.models.manifest import ArtifactError, verify_artifact
from serveoff.models.quality import torch_bfloat16
from serveoff.models.quality.labelled import read_labelled, right
from serveoff.models.quality.precision import FORMATS_IN, refusal
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.zoo import load_spec

SPEC = load_spec("digits_cnn")
PAIRS = [(format, precision) for precision, names in FORMATS_IN.items() for format in names]
HAS_BFLOAT16 = any(torch.cpu.get_capabilities().get(unit) for unit in torch_bfloat16.UNITS)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("onnx", "int4", "cpu"), "there is no lower precision 'int4': it is one of int8, bfloat16"),
        (("savedmodel", "int8", "cpu"), "savedmodel is not computed in int8: that is for onnx"),
        (("torchscript", "bfloat16", "cuda:0"), "bfloat16 is tried on a CPU only, and this is cuda:0"),
        (("onnx", "int8", "cpu"), ""),
    ],
)
def test_what_cannot_be_is_said(asked, says):
    assert refusal(*asked) == says


def test_a_format_that_has_none_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(ArtifactError, match="savedmodel is not computed in int8"):
        formats.load("savedmodel", tmp_path, SPEC, precision="int8")


@pytest.mark.slow
@pytest.mark.parametrize(("format", "precision"), PAIRS)
def test_the_zoo_s_artifact_answers_nearly_as_it_did_and_says_what_it_computes_in(model_dir, format, precision):
    if precision == "bfloat16" and not HAS_BFLOAT16:
        pytest.skip("this CPU has no bfloat16")
    golden = read_golden(model_dir)
    loaded = formats.load(format, model_dir / format, SPEC, precision=precision)
    assert (loaded.precision, loaded.device) == (precision, "cpu")
    answers = loaded.predict(golden.inputs)["probabilities"]
    off = np.abs(answers - golden.outputs["probabilities"]).max()
    assert 1e-4 < off < 0.1, "rounded, and not by full precision"
    assert answers.dtype == np.float32
    assert formats.load(format, model_dir / format, SPEC).precision == ""
    verify_artifact(model_dir, format)  # nothing was written beside it


@pytest.mark.slow
def test_int8_keeps_most_of_the_held_out_split_right(model_dir):
    from serveoff.models.manifest import read_manifest

    samples = read_labelled(model_dir, read_manifest(model_dir))
    loaded = formats.load("onnx", model_dir / "onnx", SPEC, precision="int8")
    assert right(loaded.predict(samples.inputs), samples.labels, SPEC).mean() > 0.95


def test_a_cpu_without_bfloat16_says_so(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    with pytest.raises(ArtifactError, match=r"this CPU has no bfloat16 \(avx512_bf16 or amx_bf16\)"):
        torch_bfloat16.autocast_of(torch.nn.Linear(2, 2), (torch.ones(1, 2),))


def test_a_module_of_which_nothing_is_computed_in_bfloat16_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    with pytest.raises(ArtifactError, match="the same to the bit"):
        torch_bfloat16.autocast_of(torch.nn.Identity(), (torch.rand(1, 2),))


def test_a_graph_that_multiplies_nothing_is_refused(tmp_path):
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", ports[:1], ports[1:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10),
        tmp_path / onnx_format.FILE,
    )
    tensors = [TensorSpec(name=name, shape=(-1, 3), dtype="float32") for name in ("x", "y")]
    spec = ModelSpec(name="relu", description="", inputs=(tensors[0],), outputs=(tensors[1],))
    with pytest.raises(ArtifactError, match="nothing of this graph can be quantized"):
        onnx_format.load(tmp_path, spec, precision="int8")
    assert [path.name for path in tmp_path.iterdir()] == [onnx_format.FILE]
