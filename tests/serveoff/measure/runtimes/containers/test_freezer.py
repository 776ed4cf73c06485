"""Freezing by the control group, in both versions, on files as the kernel shows them."""

from types import SimpleNamespace

import pytest

from serveoff.measure.runtimes.containers import freezer
from serveoff.measure.runtimes.containers.freezer import control_group

CGROUP = {1: "6:freezer:/docker/abc123\n4:memory:/docker/abc123\n0::/\n", 2: "0::/system.slice/docker-abc123.scope\n"}
FOLDER = {1: "freezer/docker/abc123", 2: "system.slice/docker-abc123.scope"}
SWITCH, EVENTS = {1: "freezer.state", 2: "cgroup.freeze"}, {1: "freezer.state", 2: "cgroup.events"}
CONTAINER = SimpleNamespace(id="abc123", attrs={"State": {"Pid": 7}})


@pytest.fixture(params=[1, 2], ids=["version 1", "version 2"])
def version(request):
    return request.param


@pytest.fixture
def folder(tmp_path, version):
    made = tmp_path / "root" / FOLDER[version]
    made.mkdir(parents=True)
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(CGROUP[version])
    (made / "cgroup.procs").write_text("7\n19\n")
    (made / SWITCH[version]).write_text("THAWED\n" if version == 1 else "0\n")
    return made


@pytest.fixture
def group(folder, tmp_path):
    return control_group(CONTAINER, tmp_path / "proc", tmp_path / "root")


def test_it_is_frozen_and_thawed_by_one_file(group, folder, version):
    (folder / EVENTS[version]).write_text("populated 1\nfrozen 1\n")
    group.freeze()
    assert (folder / SWITCH[version]).read_text() == {1: "FROZEN", 2: "1"}[version]
    group.thaw()
    assert (folder / SWITCH[version]).read_text() == {1: "THAWED", 2: "0"}[version]


def test_freezing_waits_until_all_stand_still(group, folder, version, monkeypatch):
    """The kernel is done while the freezer sleeps between two looks, and not before."""
    waiting = {1: "FREEZING\n", 2: "populated 1\nfrozen 0\n"}[version]
    looks = iter([waiting, waiting, {1: "FROZEN\n", 2: "populated 1\nfrozen 1\n"}[version]])
    sleeps = []

    def sleep(seconds):
        sleeps.append(seconds)
        (folder / EVENTS[version]).write_text(next(looks))

    monkeypatch.setattr(freezer, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: 0.0))
    monkeypatch.setattr(type(group), "_write", lambda group, word: None)
    (folder / EVENTS[version]).write_text(waiting)
    group.freeze()
    assert len(sleeps) == 3
    assert next(looks, None) is None


@pytest.mark.parametrize("version", [2], indirect=True)
def test_a_process_that_cannot_be_frozen_now_holds_nothing_up(group, folder):
    (folder / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    group.freeze()
    assert (folder / "cgroup.freeze").read_text() == "1"


def test_its_processes_are_those_that_the_kernel_lists(group, folder):
    assert group.pids() == {7, 19}
    (folder / "cgroup.procs").unlink()
    assert group.pids() == frozenset()


def test_a_freezer_that_others_own_is_not_used(group, folder, version):
    assert group.can_freeze
    (folder / SWITCH[version]).unlink()
    assert not group.can_freeze


def test_the_group_of_another_process_of_that_number_is_not_taken_for_it(folder, tmp_path):
    other = SimpleNamespace(id="def456", attrs=CONTAINER.attrs)
    assert control_group(other, tmp_path / "proc", tmp_path / "root") is None


def test_one_that_has_ended_has_none(folder, tmp_path):
    ended = SimpleNamespace(id="abc123", attrs={"State": {"Pid": 0}})
    assert control_group(ended, tmp_path / "proc", tmp_path / "root") is None
