"""What a file is, by its name and its first bytes: each kind is found, and what is none is told with what to do."""

import pickle
import zipfile

import pytest
from typer.testing import CliRunner

from serveoff.cli.app import app
from serveoff.models.importing import kinds
from serveoff.models.importing.errors import ImportCode, ImportFailed
from serveoff.models.importing.source import Source


def refused(call, *arguments):
    with pytest.raises(ImportFailed) as failed:
        call(*arguments)
    assert failed.value.problem.code is ImportCode.NO_MODEL
    return failed.value.problem


@pytest.mark.parametrize(
    ("name", "says", "advice"),
    [
        ("model.safetensors", "holds weights without a model", "package.module:factory --weights FILE"),
        ("pytorch_model.bin", "holds weights without a model", "--weights FILE"),
        ("epoch=3.ckpt", "is a checkpoint, weights without a model", "--weights FILE; of TensorFlow, freeze it"),
        ("forest.pkl", "is a pickle, which is a program: it is not loaded", "skl2onnx.to_onnx"),
        ("forest.joblib", "is a pickle, which is a program: it is not loaded", "skl2onnx.to_onnx"),
        ("chat.gguf", "is a language model for llama.cpp", "the model that it was converted from"),
        ("phone.tflite", "is a model for TensorFlow Lite", "tf2onnx.convert --tflite FILE"),
        ("phone.mlmodel", "is a model for Core ML", "the model that it was converted from"),
        ("phone.ptl", "is TorchScript for mobile devices", "module.save('model.pt')"),
        ("model.ckpt-100.meta", "is a graph of TensorFlow 1 without its weights", "convert_variables_to_constants"),
        ("model.ckpt-100.index", "is a checkpoint of TensorFlow, weights without a graph", "export a SavedModel"),
        ("ckpt.data-00000-of-00001", "is a checkpoint of TensorFlow, weights without a graph", "export a SavedModel"),
        ("model.ckpt-100", "is a checkpoint of TensorFlow, weights without a graph", "export a SavedModel"),
        ("model.zip", "is an archive, whose contents are not looked at", "unpack it"),
        ("model.tar.gz", "is an archive, whose contents are not looked at", "unpack it"),
        ("graph.pbtxt", "is a graph as text", "as_text=False"),
        ("served.mar", "is an archive for TorchServe", "the model that went into it"),
        ("notes.txt", "is not a model that can be imported", "torch_export: a program of torch.export"),
    ],
)
def test_a_file_that_is_none_is_called_what_it_is(tmp_path, name, says, advice):
    (tmp_path / name).write_bytes(b"")
    problem = refused(kinds.detected, str(tmp_path / name))
    assert problem.text == f"{tmp_path / name} {says}" or problem.text.startswith(f"{tmp_path / name} {says}, as")
    assert advice in problem.advice


@pytest.mark.parametrize("name", ["model.ckpt-100", "model.ckpt", "ckpt"])
def test_what_tensorflow_calls_a_checkpoint_is_none_of_its_files(tmp_path, name):
    assert refused(kinds.detected, str(tmp_path / name)).text == f"there is no file or folder {tmp_path / name}"
    (tmp_path / f"{name}.index").write_bytes(b"")
    (tmp_path / "checkpoint").write_bytes(b"")
    for path in (tmp_path / name, tmp_path):
        problem = refused(kinds.detected, str(path))
        assert problem.text == f"{path} is a checkpoint of TensorFlow, weights without a graph"
        assert "export a SavedModel" in problem.advice


def test_a_folder_is_told_by_what_is_in_it(tmp_path):
    for name in ("config.json", "model.safetensors", "tf_model.h5"):
        (tmp_path / name).write_bytes(b"")
    problem = refused(kinds.detected, str(tmp_path))
    assert "is a folder of a hub" in problem.text
    assert f"AutoModel.from_pretrained('{tmp_path}')" in problem.advice, "a factory runs in another folder"
    (tmp_path / "model.onnx").write_bytes(b"")
    assert refused(kinds.detected, str(tmp_path)).advice == f"name the model itself: {tmp_path / 'model.onnx'}"


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [
        ("pytorch_model.bin.index.json", "torch.load(part, weights_only=True)", "torch.save("),
        ("model.safetensors.index.json", "load_file(part)", "safetensors.torch.save_file("),
    ],
)
def test_parts_of_weights_are_joined_by_what_reads_them(tmp_path, name, reads, writes):
    (tmp_path / name).write_text("{}")
    source = Source(kind="torch", path="nets:make", weights=str(tmp_path / name))
    advice = refused(kinds.find("torch").check, source).advice
    assert advice.startswith(f"join them: {writes}")
    assert reads in advice


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_any_protocol_is_not_loaded(tmp_path, protocol):
    path = str(tmp_path / "model.pt")
    (tmp_path / "model.pt").write_bytes(pickle.dumps({"a": 1}, protocol))
    assert "is a pickle, not TorchScript" in refused(kinds.find("torchscript").check, Source(kind="", path=path)).text
    weights = Source(kind="torch", path="nets:make", weights=path)
    assert "is a pickle that torch.save has not written" in refused(kinds.find("torch").check, weights).text


@pytest.mark.parametrize("member", ["m/models/model.json", "serialized_exported_program.json"])
def test_a_program_of_torch_export_with_the_suffix_of_torchscript_is_told_by_the_flag(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        archive.writestr(member, "{}")
    source = Source(kind="torchscript", path=str(tmp_path / "m.pt"))
    assert refused(kinds.find("torchscript").check, source).advice == "add --kind torch_export"
    kinds.find("torch_export").check(source)


def test_every_kind_is_in_the_help():
    said = CliRunner().invoke(app, ["import", "--help"], env={"COLUMNS": "200"}).output
    assert [kind for kind in kinds.names() if kind not in said] == []
