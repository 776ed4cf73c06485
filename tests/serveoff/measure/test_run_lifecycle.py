"""What may be gone on with."""

import pytest

from serveoff.errors import ExitCode, ResultsFailure
from serveoff.measure import run_lifecycle
from serveoff.measure.run_lifecycle import resumable
from serveoff.measure.runtimes import cpus
from serveoff.record.suite import load_suite
from tests.serveoff.synthetic import Faults, Scenario, write_run

ENDPOINT = "flask-torchscript-rest"


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """A run of cores 0 and 1, which are here."""
    monkeypatch.setattr(cpus, "available_cpus", lambda: [0, 1])
    return write_run(tmp_path / "run", Scenario(only=(ENDPOINT,)), Faults(partial_after_round=5))


@pytest.mark.parametrize(
    ("versions", "commit", "said"),
    [
        ({"torch": "9.0"}, None, "begun with other software: torch 2.13.0, now 9.0"),
        ({}, "fedcba9876543210", "begun with other software: commit"),
    ],
)
def test_a_run_is_finished_by_the_software_that_began_it(interrupted, monkeypatch, versions, commit, said):
    environment = load_suite(interrupted).environment
    monkeypatch.setattr(run_lifecycle, "read_environment", lambda: environment)
    assert resumable(interrupted) == load_suite(interrupted).settings
    commit = commit or environment.git_commit
    now = environment.model_copy(update={"versions": environment.versions | versions, "git_commit": commit})
    monkeypatch.setattr(run_lifecycle, "read_environment", lambda: now)
    with pytest.raises(ResultsFailure, match=said):
        resumable(interrupted)


def test_a_run_is_finished_by_the_machine_that_began_it(interrupted, monkeypatch):
    environment = load_suite(interrupted).environment
    other = environment.model_copy(update={"machine": environment.machine.model_copy(update={"id": "other"})})
    monkeypatch.setattr(run_lifecycle, "read_environment", lambda: other)
    with pytest.raises(ResultsFailure, match="on another machine"):
        resumable(interrupted)


def test_a_run_is_finished_on_the_cores_that_it_was_begun_on(interrupted, monkeypatch):
    environment = load_suite(interrupted).environment
    monkeypatch.setattr(run_lifecycle, "read_environment", lambda: environment)
    monkeypatch.setattr(cpus, "available_cpus", lambda: [0])
    with pytest.raises(ResultsFailure, match="core 1 is not available here") as refused:
        resumable(interrupted)
    assert refused.value.exit_code == ExitCode.RESULTS
