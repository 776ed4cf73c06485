"""Fixtures that every test may use: the exported model, made once, and its golden answers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from serveoff.measure.watchdog import watched
from serveoff.models import spec
from serveoff.models.golden import Golden, read_golden

MODEL = "digits_cnn"


@pytest.fixture(scope="session", autouse=True)
def own_cores(tmp_path_factory):
    """Each worker's runs lock cores of its own, or tests that run side by side would refuse one another's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVEOFF_LOCKS", str(tmp_path_factory.mktemp("locks")))
        yield


# A test run that is killed, as by a time limit, leaves none of the servers that its tests started.
os.environ.update(watched(os.environ))

# How long an example takes is no pass condition: machines are busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell without job control starts background jobs with SIGINT ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The checkout's exported model, brought up to date first: read it, never change it."""
    command = [sys.executable, "-m", "serveoff.models", "export", MODEL]
    result = subprocess.run(command, cwd=spec.REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return spec.model_dir(MODEL)


@pytest.fixture(scope="session")
def golden(model_dir: Path) -> Golden:
    """Its golden answers: `image` (64, 28, 28, 1) to `probabilities` (64, 10), and labels (64,)."""
    return read_golden(model_dir)
