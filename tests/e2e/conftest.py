"""Whole runs of the command line, each with folders of its own, and a check that nothing outlives them."""

from contextlib import suppress

import psutil
import pytest

from serveoff.models.spec import artifacts_root
from tests.command_line import CommandLine


@pytest.fixture
def cli(tmp_path, model_dir):
    made = CommandLine(tmp_path, artifacts_root())
    yield made
    left = made.processes()
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    assert left == []


@pytest.fixture(scope="module")
def shared_cli(tmp_path_factory, model_dir):
    return CommandLine(tmp_path_factory.mktemp("run"), artifacts_root())
