"""What is no file of a model, and names that a terminal would obey: real paths, and the real command."""

import os
import subprocess
import zipfile

import pytest

from serveoff.models.importing.bring import import_model
from serveoff.models.importing.errors import ImportCode, ImportFailed
from serveoff.models.importing.source import ImportRequest, Source
from serveoff.models.isolation import isolated
from serveoff.models.spec import REPOSITORY

KINDS = ("keras", "savedmodel", "frozen_graph", "torchscript", "onnx")


def request(kind, path, **more):
    return ImportRequest(source=Source(kind=kind, path=str(path), **more), name="hostile")


def refused(asked):
    with pytest.raises(ImportFailed) as failed:
        import_model(asked)
    return failed.value.problem


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_or_a_pipe_is_refused_before_it_is_read(kind, pipe, tmp_path):
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in ("/dev/zero", pipe, tmp_path / "link"):
        problem = refused(request(kind, path))
        assert (problem.code, problem.text) == (ImportCode.NO_MODEL, f"{path} is not a regular file: it is not read")


def test_so_are_they_as_weights_samples_and_in_a_folder(pipe):
    assert "is not a regular file" in refused(request("torch", "a:b", weights=str(pipe))).text
    samples = request("torch", "a:b").model_copy(update={"samples": "/dev/zero"})
    assert "is not a regular file" in refused(samples).text
    assert str(pipe) in refused(request("savedmodel", pipe.parent)).text


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "w.pt").write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "w.pt")  # as root, all may be read
    for asked in (request("onnx", tmp_path / "w.pt"), request("savedmodel", tmp_path)):
        problem = refused(asked)
        assert problem.text == f"{tmp_path / 'w.pt'} cannot be read: permission denied"
        assert "chmod" in problem.advice


def test_a_lambda_is_named_by_its_layer(tmp_path):
    function = '{"class_name": "__lambda__", "config": {"code": ""}}'
    layer = f'{{"class_name": "Lambda", "config": {{"name": "twice", "function": {function}}}}}'
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", f'{{"class_name": "Functional", "config": {{"layers": [{layer}]}}}}')
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n")
    problem = refused(request("keras", tmp_path / "model.keras"))
    assert "layer twice is a Lambda: Python code, which is not loaded" in problem.text
    assert "keras.ops" in problem.advice


def test_no_control_character_of_a_name_reaches_the_terminal(tmp_path):
    path = tmp_path / "bad\x1b[2J\u202e\x9b.onnx"
    path.write_bytes(b"junk")
    command = isolated("serveoff.models", "import", request("onnx", path).model_dump_json())
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert done.returncode == 3
    assert r"bad\x1b[2J\u202e\x9b.onnx is no ModelProto" in done.stderr
    assert all(c.isprintable() or c == "\n" for c in done.stdout + done.stderr)
