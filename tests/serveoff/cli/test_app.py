"""The command as a process: what becomes of an answer that cannot be written."""

import os
import subprocess
import sys

import pytest

from serveoff.errors import ExitCode
from tests.serveoff.synthetic import Scenario, write_run


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """With the folder of one run."""
    root = tmp_path_factory.mktemp("app")
    write_run(root / "results" / "run", Scenario(slice_s=0.1, only=("flask-torchscript-rest",)))
    return os.environ | {"SERVEOFF_RESULTS": str(root / "results"), "SERVEOFF_REPORTS": str(root / "reports")}


def ended(environ, **full):
    command = [sys.executable, "-m", "serveoff", "runs"]
    with open("/dev/full", "w") as disk:
        files = {name: disk if name in full else subprocess.PIPE for name in ("stdout", "stderr")}
        return subprocess.run(command, env=environ, text=True, check=False, **files)


def test_a_full_disk_below_the_answer_is_told_with_its_own_exit_code(environ):
    done = ended(environ, stdout=True)
    assert done.returncode == ExitCode.UNWRITABLE
    assert "cannot write to the standard output: No space left on device" in done.stderr.replace("\n", " ")


def test_one_below_the_log_harms_no_answer(environ):
    done = ended(environ, stderr=True)
    assert done.returncode == ExitCode.OK
    assert "run" in done.stdout
