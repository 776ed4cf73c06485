"""ONNX, run by ONNX Runtime: it answers as the network did, with the threads and on the device that it says."""

import subprocess

import onnx
import pytest

from serveoff.models.agreement import agreement
from serveoff.models.formats import one_row
from serveoff.models.formats import onnx as format
from serveoff.models.golden import read_golden
from serveoff.models.isolation import isolated
from serveoff.models.zoo import load_spec

SPEC = load_spec("digits_cnn")


def event(provider, **kinds):
    return {"args": {"provider": provider, "output_type_shape": [{kind: shape} for kind, shape in kinds.items()]}}


CPU, CUDA = format.CPU, format.CUDA
PROFILES = {
    "cuda:0": [event(CUDA, float=[1, 10]), event(CPU, int64=[2]), {"name": "session_initialization"}],
    "cpu+cuda:0": [event(CUDA, float=[1, 10]), event(CPU, float16=[1, 5])],
    "cpu": [event(CPU, float=[1, 10])],
}


@pytest.mark.parametrize("found", PROFILES)
def test_a_graph_computes_where_its_operators_on_floats_do(found):
    assert format.joined(PROFILES[found], "cuda:0") == found


def test_a_graph_of_integers_computes_where_all_its_operators_do():
    assert format.joined([event(CPU, int64=[1])], "cuda:0") == "cpu"


@pytest.mark.slow
def test_the_zoo_s_file_is_whole_names_the_spec_s_tensors_and_takes_any_number_of_rows(model_dir):
    model = onnx.load(model_dir / "onnx" / format.FILE)
    onnx.checker.check_model(model)
    assert [value.name for value in model.graph.input] == [tensor.name for tensor in SPEC.inputs]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    loaded = format.load(model_dir / "onnx", SPEC, threads=2)
    assert (loaded.device, loaded.intra_op_threads, loaded.layers) == ("cpu", 2, {})
    assert "static graph" in loaded.no_layers
    assert agreement(loaded.predict, read_golden(model_dir), batches=(0, 1, 2, 5)).ok


@pytest.mark.slow
def test_where_it_computes_is_read_from_a_profile(model_dir):
    names = [tensor.name for tensor in SPEC.outputs]
    assert (
        format.placement(model_dir / "onnx" / format.FILE, names, one_row(SPEC, model_dir / "onnx"), "cuda:0") == "cpu"
    )


@pytest.mark.slow
def test_who_serves_it_imports_no_other_framework(model_dir):
    code = f"""
import sys
from pathlib import Path
from serveoff.models.formats import find
from serveoff.models.zoo import load_spec
find("onnx").load(Path({str(model_dir / "onnx")!r}), load_spec("digits_cnn"))
print(sorted({{"torch", "tensorflow", "onnx", "keras"}} & set(sys.modules)))
"""
    command = [*isolated("x")[:-2], "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
