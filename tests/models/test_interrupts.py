"""Ctrl-C that something has swallowed."""

import os
import signal
import subprocess
import sys

import pytest

from models.spec import REPOSITORY

SWALLOWED = """
import os, signal, sys
from pathlib import Path
from models import interrupts
from models.staging import staged
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
