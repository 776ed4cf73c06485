"""Processes of ours in surroundings that are not."""

import os
import shutil
import subprocess
import sys

import pytest

from serveoff.models.isolation import ISOLATED

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
