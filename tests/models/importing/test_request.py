"""The flags of `serveoff import`, parsed once, and handed to the process that imports as one JSON text."""

import json

import pytest
from typer.testing import CliRunner

from serveoff.cli import app as cli
from serveoff.cli.commands import models
from serveoff.cli.import_options import ImportOptions, request_of
from serveoff.errors import ArtifactFailure
from serveoff.models.importing.errors import ImportCode, ImportFailed
from serveoff.models.importing.source import ImportRequest, parsed

FLAGS = {
    "--kind": "frozen_graph", "--inputs": "x:0, y", "--outputs": "z:0",
    "--signature": "other", "--samples": "some.npz", "--labels": "some.npy", "--rows": "17", "--timeout": "2.5",
}  # fmt: skip


@pytest.fixture
def handed(monkeypatch, tmp_path):
    """The arguments of the process that imports, for these arguments of `serveoff import`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        calls = []
        monkeypatch.setattr(models, "run_models", lambda *given: calls.append(given))
        done = CliRunner().invoke(cli.app, ["import", *arguments])
        return calls, done.exception

    return run


def test_a_link_keeps_its_name_which_tells_the_kind(tmp_path):
    (tmp_path / "3fa9").write_bytes(b"")
    (tmp_path / "model.onnx").symlink_to("3fa9")
    source = request_of(ImportOptions(source=str(tmp_path / "model.onnx"), name="mine")).source
    assert (source.kind, source.path) == ("onnx", str(tmp_path / "model.onnx"))


def test_every_flag_reaches_the_process_that_imports(handed, tmp_path):
    flags = [part for flag in FLAGS.items() for part in flag]
    settings = ("--set", "keep=1.0", "--set", "train:0=false")
    repeated = (*settings, "--input", "x:float32[-1,2]", "--input", "y:int64[-1]", "--input-range", "y=0:9", "--force")
    ((command, text),), error = handed("model.pb", "--name", "mine", *flags, *repeated)
    assert (command, error) == ("import", None)
    request = ImportRequest.model_validate_json(text)
    assert set(json.loads(text)) == set(ImportRequest.model_fields)
    source = request.source
    assert (source.kind, source.path) == ("frozen_graph", str(tmp_path / "model.pb"))
    assert (source.feed, source.fetch, source.signature) == (("x:0", "y"), ("z:0",), "other")
    assert source.constants == {"keep": 1.0, "train:0": False}
    assert request.declared == (parsed("x:float32[-1,2]"), parsed("y:int64[-1]"))
    assert request.labels == str(tmp_path / "some.npy")
    assert (request.samples, request.ranges) == (str(tmp_path / "some.npz"), {"y": (0.0, 9.0)})
    assert (request.name, request.rows, request.timeout_s, request.force) == ("mine", 17, 2.5, True)
    assert source.search == ()


@pytest.mark.parametrize(
    ("flag", "name", "bounds"),
    [
        ("input.1=0:255", "input.1", (0, 255)),
        ("net/x:0=-1:1", "net/x:0", (-1, 1)),
        ("x=1e-3:1", "x", (0.001, 1)),
        ("a=b=2:2", "a=b", (2, 2)),
    ],
)
def test_a_range_is_of_any_name_and_any_numbers(flag, name, bounds):
    assert request_of(ImportOptions("package.module:factory", "mine", input_range=[flag])).ranges == {name: bounds}


def test_a_factory_is_looked_for_where_the_user_stands_and_on_pythonpath(handed, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "more"))
    ((_, text),), _ = handed("package.module:factory", "--name", "mine", "--weights", "w.safetensors")
    request = ImportRequest.model_validate_json(text)
    assert (request.source.kind, request.source.path) == ("torch", "package.module:factory")
    assert request.source.search == (str(tmp_path), str(tmp_path / "more"))
    assert request.source.weights == str(tmp_path / "w.safetensors")
    given = ImportOptions("package.module:factory", "mine", weights="w.safetensors")
    assert request == request_of(given), "what is not given is as by default"


@pytest.mark.parametrize(
    ("dtype", "wider"), [("float16", "float32"), ("bfloat16", "float32"), ("int16", "int32"), ("uint32", "int64")]
)
def test_an_input_that_no_request_carries_is_cast_from_a_wider_one(dtype, wider):
    request = request_of(ImportOptions("package.module:factory", "mine", input_=[f"x:{dtype}[-1,2]", "y:int64[-1]"]))
    assert request.source.casts == {"x": dtype}
    assert request.declared == (parsed(f"x:{wider}[-1,2]"), parsed("y:int64[-1]"))
    with pytest.raises(ImportFailed, match="is for PyTorch's models only") as failed:
        request_of(ImportOptions("model.onnx", "mine", kind="onnx", input_=[f"x:{dtype}[-1,2]"]))
    assert failed.value.problem.advice == f"{wider} carries the same numbers"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--name", "Mine"), "--name 'Mine' is not made of"),
        (("--name", "digits_cnn"), "digits_cnn is a model of the zoo"),
        (("--name", "mine", "--rows", "3"), "--rows 3 is not between 16 and 64"),
        *(
            (("--name", "mine", "--timeout", time), f"--timeout must be positive and at most 604800 s, not {time}")
            for time in ("0", "nan", "inf", "1e+300")
        ),
        (("--name", "mine", "--set", "x=nan"), "--set 'x=nan' is not NAME=VALUE"),
        (("--name", "mine", "--input", "x"), "'x' is not NAME:DTYPE"),
        (("--name", "mine", "--set", "x=some"), "--set 'x=some' is not NAME=VALUE"),
        (("--name", "mine", "--set", "x=1"), "--set makes no constant in a model of kind torch"),
        (
            ("--name", "mine", "--inputs", "x:0"),
            "--inputs is for models of kind frozen_graph",
        ),
        (("--name", "mine", "--kind", "onnx", "--weights", "w"), "--weights is for models of kind torch"),
        *(
            (("--name", "mine", "--input-range", text), f"--input-range '{text}' is not NAME=LOW:HIGH")
            for text in ("x=9:0", "x=1", "x=1:2:3", "=0:1", "x=nan:1", "x=0:inf", "0:1")
        ),
    ],
)
def test_flags_that_make_no_sense_start_no_process(handed, flags, says):
    calls, error = handed("package.module:factory", *flags)
    assert isinstance(error, ArtifactFailure)
    assert says in str(error)
    assert calls == []


def test_a_file_that_is_not_there_is_named_with_what_to_do():
    with pytest.raises(ImportFailed) as failed:
        request_of(ImportOptions("no_such_file", "mine"))
    assert failed.value.problem.code is ImportCode.NO_MODEL
    assert failed.value.problem.text == "there is no file or folder no_such_file"
    assert failed.value.problem.advice == "check the path; it is relative to the current folder"
