"""A run that may end early: it ends after a whole round, lacks nothing, and is not resumed."""

import json

import pytest

from tests.command_line import MEASURED

pytestmark = pytest.mark.slow
OPTIONS = ("--profile", "quick", "--duration", "0.8", "--warmup", "0.2", "--concurrency", "1,4", "--rounds", "3")
NAMES = ("flask-torchscript", "flask-null")


@pytest.fixture(scope="module")
def run(shared_cli):
    result = shared_cli.run("run", *NAMES, *OPTIONS, "--until-clear", timeout=280)
    assert result.returncode in MEASURED, result.stderr
    return shared_cli


def test_a_run_ends_after_a_whole_round_and_says_so(run):
    suite = run.suite
    assert suite.complete
    assert suite.settings.until_clear
    assert {w.round for e in suite.endpoints for w in e.windows} == set(range(1, suite.rounds + 1))
    assert bool(suite.stopped_early) == (suite.rounds < 3)
    (folder,) = (run.folder / "reports").iterdir()
    document = json.loads((folder / "report.json").read_text())
    assert document["stopped_early"] == suite.stopped_early
    codes = [f["code"] for e in document["entries"] for p in e["points"] for f in p["verdict"]["findings"]]
    assert "missing rounds" not in codes


def test_what_ended_early_is_complete_and_cannot_be_resumed(run):
    result = run.run("run", "--resume", "latest")
    assert result.returncode == 6
    assert "is complete" in result.stderr
