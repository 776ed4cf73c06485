"""Ctrl-C while the command line has only begun."""

import signal
import subprocess
import sys

import pytest

from serveoff.models.spec import REPOSITORY


@pytest.mark.parametrize("module", ["pydantic", "typer", "serveoff.errors"])
def test_ctrl_c_while_modules_are_loaded_is_no_traceback(module):
    """`-X importtime` says on stderr what was loaded, as soon as it is."""
    command = [sys.executable, "-X", "importtime", "-m", "serveoff", "list"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.rpartition("|")[2].strip() == module:
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "interrupted: stopping" in said
    assert "Traceback" not in said
