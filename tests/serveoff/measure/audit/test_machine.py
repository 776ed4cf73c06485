"""Where a run took place, as far as it is told."""

import subprocess
from types import SimpleNamespace

import psutil
import pytest

from serveoff.measure.audit import machine
from serveoff.measure.audit.machine import read_environment, read_machine
from tests.serveoff.measure.audit.gpus import L4, Library, installed

GIB = 2**30


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


@pytest.fixture
def limits(monkeypatch):
    """Of the groups of this process, on a machine of 2 cores and 16 GiB."""
    found = {"cpu": None, "memory": None}
    monkeypatch.setattr(machine, "cpu_limit", lambda groups: found["cpu"])
    monkeypatch.setattr(machine, "memory_limit", lambda groups: found["memory"])
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GIB))
    return found


def test_without_limits_it_is_the_whole_machine(limits):
    found = read_machine()
    assert (found.cores, found.cpu_limit, found.memory_bytes) == (2, None, 16 * GIB)
    assert found.cores_said == "2 cores"


def test_in_a_limited_group_it_is_what_the_group_may_take_and_another_machine(limits):
    whole = read_machine()
    limits |= {"cpu": 0.6, "memory": 4 * GIB}
    found = read_machine()
    assert (found.cores, found.cpu_limit, found.memory_bytes) == (2, 0.6, 4 * GIB)
    assert found.cores_said == "2 cores, limited to 0.6"
    limits |= {"memory": None}
    assert len({whole.id, found.id, read_machine().id}) == 3


@pytest.mark.parametrize(("cpu", "memory"), [(2.0, 16 * GIB), (4.0, 2**62)])
def test_limits_that_leave_it_all_it_has_change_nothing(limits, cpu, memory):
    whole = read_machine()
    limits |= {"cpu": cpu, "memory": memory}
    assert read_machine() == whole
