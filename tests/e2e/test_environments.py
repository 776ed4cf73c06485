"""Where people run it: no git, another time zone, few open files, no home, spaces in paths, a user without a name."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serveoff.record.suite import load_suite
from tests.command_line import MEASURED
from tests.tree_copy import copy_tree

pytestmark = pytest.mark.slow

NAMELESS = ("unshare", "--user", "--map-user=54321", "--map-group=54321")
FEW_FILES = ("sh", "-c", 'ulimit -n 128; exec "$@"', "sh")
SMALL = ("--profile", "quick", "--duration", "0.5", "--warmup", "0.2", "--concurrency", "1,4", "--rounds", "2")
ENDPOINTS = ("flask-torchscript-rest", "torchserve-torchscript-rest", "inprocess-torchscript")


def nameless():
    """The prefix of a command whose user has no entry anywhere; none where the kernel lets nobody be another."""
    tried = shutil.which(NAMELESS[0]) and subprocess.run([*NAMELESS, "true"], capture_output=True, check=False)
    return NAMELESS if tried and tried.returncode == 0 else ()


def environ(cli, folder):
    """Nothing but what it needs: no HOME, no user's name, and a PATH where there is `sh` and no git."""
    (folder / "bin").mkdir()
    (folder / "bin" / "sh").symlink_to("/bin/sh")
    names = {"ARTIFACTS": "art", "RESULTS": "results", "REPORTS": "reports", "STATE": "state"}
    own = {name: value for name, value in os.environ.items() if name.startswith("SERVEOFF_")}
    folders = {f"SERVEOFF_{name}": str(folder / path) for name, path in names.items()}
    return {**own, **folders, "SERVEOFF_E2E": cli.mark, "PATH": str(folder / "bin"), "TZ": "NZST-12"}


def test_a_run_works_wherever_people_have_it(cli, tmp_path):
    folder = tmp_path / "two words" / "(a copy)"
    tree = copy_tree(folder)
    shutil.copytree(cli.artifacts / "digits_cnn", folder / "art" / "digits_cnn")
    command = (str(tree.work / "venv/bin/python"), "-I", "-m", "serveoff", "run", *ENDPOINTS, *SMALL)
    prefix = [shutil.which(word) or word for word in (*nameless(), *FEW_FILES)]
    before = datetime.now(UTC)
    done = subprocess.run(
        [*prefix, *command], cwd=folder, env=environ(cli, folder), capture_output=True, text=True, check=False
    )
    assert done.returncode in MEASURED, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (run,) = (folder / "results").iterdir()
    began = datetime.strptime(run.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    assert abs(began - before) < timedelta(minutes=10), "an id is in UTC, twelve hours from where this is"
    suite = load_suite(run)
    assert suite.complete
    assert suite.environment.git_commit is None
    assert {e.endpoint: bool(e.windows) and not e.unavailable for e in suite.endpoints} == dict.fromkeys(
        ENDPOINTS, True
    )
    assert all(not w.errors for e in suite.endpoints for w in e.windows)
    assert {path.suffix for path in (folder / "reports" / run.name).iterdir()} == {".html", ".md", ".csv", ".json"}
    assert not Path(folder / ".serveoff").exists()
