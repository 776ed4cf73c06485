"""Ctrl-C that something has swallowed."""

import os
import signal
import subprocess
import sys

import pytest

from serveoff.models.spec import REPOSITORY

SWALLOWED = """
import os, signal, sys
from pathlib import Path
from serveoff.models import interrupts
from serveoff.models.staging import staged
interrupts.remember()
try:
    with staged(Path(sys.argv[1])):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except:
            print("swallowed")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(("ignored", "said"), [(False, ["swallowed", "interrupted"]), (True, [])])
def test_what_was_swallowed_ends_the_work_before_anything_is_replaced(tmp_path, ignored, said):
    def in_the_background():
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, tmp_path / "model"],
        cwd=REPOSITORY, env=os.environ, preexec_fn=in_the_background, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == said
    assert (tmp_path / "model").exists() == ignored


REPLACED = """
import os, signal, sys
from serveoff.models import __main__ as command
def broken(options):
    if sys.argv[1] == "struck":
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            pass
    raise ImportError("half imported")
command._export = broken
sys.exit(command.main(["export"]))
"""


@pytest.mark.parametrize(("how", "code"), [("struck", 130), ("by itself", 1)])
def test_another_error_that_a_library_made_of_it_is_an_interrupt_still(how, code):
    arguments = [sys.executable, "-c", REPLACED, how]
    done = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert ("Traceback" in done.stderr) == (code == 1)
    assert done.stderr.startswith("interrupted: ") == (code == 130)
