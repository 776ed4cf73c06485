"""What is no file of a model, and names that a terminal would obey: real paths, and the real command."""

import os
import subprocess
import zipfile

import pytest

from serveoff.models.importing import unvouched_files
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


@pytest.mark.parametrize("kind", [*KINDS, "torch_export"])
def test_what_is_not_there_is_no_disk_that_is_full(kind, tmp_path):
    problem = refused(request(kind, tmp_path / "absent"))
    assert (problem.code, problem.text) == (ImportCode.NO_MODEL, f"there is no file or folder {tmp_path / 'absent'}")
    if kind != "savedmodel":
        assert refused(request(kind, tmp_path)).text == f"{tmp_path} is a folder, not a file"


def test_weights_and_samples_that_are_not_there_are_told_alike(tmp_path):
    absent = str(tmp_path / "absent")
    samples = request("torch", "a:b").model_copy(update={"samples": absent})
    for asked in (request("torch", "a:b", weights=absent), samples):
        assert refused(asked).text == f"there is no file or folder {absent}"


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 97781234\n"


@pytest.mark.parametrize(
    ("content", "says", "advice"),
    [
        (POINTER, "is a pointer of Git LFS, not the file", "git lfs pull"),
        (b"", "is empty", "again"),
        (b"\n<!DOCTYPE html>\n<html>", "is a web page, not the file", "/resolve/"),
        (b"<HTML>", "is a web page, not the file", "download it again"),
        (b'<?xml version="1.0"?><Error>', "is a web page, not the file", "download it again"),
    ],
)
def test_what_stands_in_for_a_file_is_called_what_it_is(tmp_path, content, says, advice):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    for asked in (request("onnx", path), request("torchscript", path), request("torch", "a:b", weights=str(path))):
        problem = refused(asked)
        assert problem.text == f"{path} {says}"
        assert advice in problem.advice


def test_a_pointer_stands_in_for_a_file_of_a_folder_and_a_page_may_belong_there(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "about.html").write_text("<html>")
    (tmp_path / "assets" / "words.txt").write_bytes(b"")
    unvouched_files.regular(str(tmp_path), is_folder=True)
    (tmp_path / "saved_model.pb").write_bytes(POINTER)
    assert "saved_model.pb is a pointer of Git LFS" in refused(request("savedmodel", tmp_path)).text


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
