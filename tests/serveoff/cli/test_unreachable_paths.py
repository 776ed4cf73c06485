"""Names and folders that the system refuses to look at: each command says so, with its own exit code."""

import os
import sys

import pytest

from serveoff.cli import app
from serveoff.errors import ExitCode

LONG = 300 * "a"
"""More than a name may have."""
NAMES = {
    ("show", LONG): ExitCode.RESULTS,
    ("show", f"{LONG}/run"): ExitCode.RESULTS,
    ("report", LONG): ExitCode.RESULTS,
    ("compare", LONG, LONG): ExitCode.RESULTS,
    ("summary", LONG, LONG): ExitCode.RESULTS,
    ("baseline", LONG, "baseline.json"): ExitCode.RESULTS,
    ("run", "--resume", LONG): ExitCode.RESULTS,
    ("manifests", "kubernetes", "digits_cnn", "--winner", LONG): ExitCode.RESULTS,
    ("list", "--model", LONG): ExitCode.ARTIFACT,
    ("import", LONG, "--name", "mine"): ExitCode.ARTIFACT,
    ("import", f"{LONG}.onnx", "--name", "mine"): ExitCode.ARTIFACT,
}
ROOTS = {
    ("SERVEOFF_RESULTS", "runs"): ExitCode.RESULTS,
    ("SERVEOFF_RESULTS", "show"): ExitCode.RESULTS,
    ("SERVEOFF_RESULTS", "run"): ExitCode.UNWRITABLE,
    ("SERVEOFF_REPORTS", "run"): ExitCode.UNWRITABLE,
    ("SERVEOFF_ARTIFACTS", "list"): ExitCode.ARTIFACT,
}


@pytest.fixture
def ended(tmp_path, monkeypatch):
    """The exit code of a command, whose folders are all empty."""
    for name in ("RESULTS", "REPORTS", "ARTIFACTS", "STATE"):
        monkeypatch.setenv(f"SERVEOFF_{name}", str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["serveoff", *arguments])
        with pytest.raises(SystemExit) as end:
            app.main()
        return end.value.code

    return run


@pytest.mark.parametrize("command", NAMES, ids=lambda command: command[0])
def test_a_name_that_is_too_long_is_the_name_of_nothing(ended, command):
    assert ended(*command) == NAMES[command]


@pytest.mark.parametrize(("variable", "command"), ROOTS)
def test_a_folder_whose_name_is_too_long_is_said_to_be_unusable(
    ended, tmp_path, monkeypatch, capsys, variable, command
):
    monkeypatch.setenv(variable, str(tmp_path / LONG))
    assert ended(command) == ROOTS[variable, command]
    said = capsys.readouterr().err
    assert "File name too long" in said
    assert f"{variable}=FOLDER" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
@pytest.mark.parametrize(("variable", "command"), ROOTS)
def test_so_is_a_folder_below_one_that_is_closed(ended, tmp_path, monkeypatch, capsys, variable, command):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    monkeypatch.setenv(variable, str(closed / "below"))
    assert ended(command) == ROOTS[variable, command]
    assert "Permission denied" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
@pytest.mark.parametrize("command", [("show",), ("report",), ("run", "--resume")])
def test_a_run_that_is_closed_cannot_be_read(ended, tmp_path, capsys, command):
    (tmp_path / "closed").mkdir(mode=0)
    assert ended(*command, str(tmp_path / "closed")) == ExitCode.RESULTS
    assert "Permission denied" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_model_that_is_closed_cannot_be_imported(ended, tmp_path, capsys):
    (tmp_path / "closed").mkdir(mode=0)
    assert ended("import", str(tmp_path / "closed"), "--name", "mine") == ExitCode.ARTIFACT
    assert "permission denied" in capsys.readouterr().err
