"""Processes of ours in surroundings that are not."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

import pytest

from serveoff.cli import app
from serveoff.measure.runtimes.host_client import without_settings
from serveoff.models.__main__ import main
from serveoff.models.isolation import ISOLATED, fix_folders
from serveoff.models.spec import artifacts_root, state_root

SAY_AND_WRITE = r"import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('\u65e5\u672c'); print('\u2013')"


@pytest.fixture
def latin1(tmp_path):
    """The environment of a locale that has neither Japanese letters nor a dash."""
    if shutil.which("localedef") is None:
        pytest.skip("no localedef to make a locale with")
    command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", tmp_path / "de_DE.ISO-8859-1"]
    if subprocess.run(command, capture_output=True, check=False).returncode > 1:  # 1: made, with warnings
        pytest.skip("localedef has no sources to make a locale of")
    return {**os.environ, "LOCPATH": str(tmp_path), "LC_ALL": "de_DE.ISO-8859-1"}


def test_texts_and_paths_of_any_letters_go_through_any_locale(latin1, tmp_path):
    path = tmp_path / "日本 – ü"
    command = [sys.executable, *ISOLATED, "-c", SAY_AND_WRITE, path]
    said = subprocess.run(command, env=latin1, capture_output=True, check=False)
    assert (said.returncode, said.stdout.decode().strip()) == (0, "\u2013"), said.stderr.decode()
    assert path.read_text("utf-8") == "日本"


@pytest.fixture
def relative(tmp_path, monkeypatch):
    """Folders that are named from the working folder, which processes of ours do not share."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", "mine")
    monkeypatch.setenv("SERVEOFF_STATE", "../state")
    return tmp_path


def test_folders_are_the_same_wherever_a_process_works(relative, monkeypatch):
    fix_folders()
    (relative / "run").mkdir()
    monkeypatch.chdir(relative / "run")
    assert (artifacts_root(), state_root()) == (relative / "mine", relative.parent / "state")
    monkeypatch.delenv("SERVEOFF_STATE")
    fix_folders()
    assert "SERVEOFF_STATE" not in os.environ


@pytest.mark.parametrize(("command", "arguments"), [(app.main, ["runs"]), (main, ["verify", "mine"])])
def test_both_command_lines_see_to_it(relative, monkeypatch, command, arguments):
    monkeypatch.setattr(sys, "argv", ["serveoff", *arguments])
    with suppress(SystemExit):
        command()
    assert without_settings(relative / "run")["SERVEOFF_ARTIFACTS"] == str(relative / "mine")
