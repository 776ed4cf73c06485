"""Where a run took place, as far as it is told."""

import subprocess

import pytest

from serveoff.measure.audit import machine
from serveoff.measure.audit.machine import read_environment, read_machine
from tests.serveoff.measure.audit.gpus import L4, Library, installed


@pytest.fixture
def git(monkeypatch):
    """What each git command answers; an exception is raised."""
    answers = {"rev-parse": "fedcba98", "status": ""}

    def run(command, **how):
        answer = answers[command[3]]
        if isinstance(answer, Exception):
            raise answer
        return subprocess.CompletedProcess(command, 0, stdout=f"{answer}\n")

    monkeypatch.setattr(machine.subprocess, "run", run)
    return answers


@pytest.mark.parametrize(("changes", "dirty"), [("", False), (" M README.md", True)])
def test_a_checkout_is_told_by_its_commit_and_whether_it_has_changed_since(git, changes, dirty):
    git["status"] = changes
    environment = read_environment()
    assert (environment.git_commit, environment.git_dirty) == ("fedcba98", dirty)


@pytest.mark.parametrize("command", ["rev-parse", "status"])
@pytest.mark.parametrize("fault", [subprocess.TimeoutExpired("git", 10), FileNotFoundError("git")])
def test_where_git_does_not_say_the_commit_is_unknown(git, command, fault):
    git[command] = fault
    environment = read_environment()
    assert (environment.git_commit, environment.git_dirty) == (None, False)


def told(library):
    with installed(library):
        return read_machine()


def test_a_machine_names_its_gpus_and_is_another_with_others():
    one, two, other = told(Library(1)), told(Library(1, None)), told(Library(1, name="NVIDIA T4"))
    assert (one.accelerators, two.accelerators, other.accelerators) == ([L4], [L4, L4], ["NVIDIA T4"])
    assert len({found.id for found in (one, two, other, told(None))}) == 4


@pytest.mark.parametrize("library", [Library(), Library(1, driver=False), Library(1, name=None)])
def test_without_gpus_that_can_be_named_it_is_as_without_the_library(library):
    assert told(library).accelerators == []
    assert told(library).id == told(None).id
