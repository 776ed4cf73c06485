"""How the server in a container is frozen and stopped; no engine is needed for it."""

import os
from types import SimpleNamespace

import pytest

from serveoff.measure.runtimes.containers import server as module
from serveoff.measure.runtimes.containers.server import DockerServer


class Told:
    """Notes what it is told to do: a container, or its control group."""

    def __init__(self, told, can_freeze=True):
        self.told, self.can_freeze = told, can_freeze

    def __getattr__(self, name):
        return lambda *args, **options: self.told.append(name) or b""

    def pids(self):
        return {7}


@pytest.fixture
def told():
    return []


def make(told, tmp_path, is_local=True):
    docker = SimpleNamespace(is_local=is_local)
    return DockerServer(None, Told(told), {}, 0.0, (None, None), docker, [0], tmp_path / "log")


def test_where_the_freezer_can_be_written_the_engine_is_not_asked(told, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "control_group", lambda container: Told(told))
    server = make(told, tmp_path)
    server.freeze()
    server.thaw()
    assert [word for word in told if word != "reload"] == ["freeze", "thaw"]
    assert server.pids() == {7}


@pytest.mark.parametrize(
    ("is_local", "group"),
    [(True, Told([], can_freeze=False)), (True, None), (False, Told([]))],
    ids=["another's freezer", "no group", "another machine"],
)
def test_else_the_engine_pauses(told, tmp_path, monkeypatch, is_local, group):
    monkeypatch.setattr(module, "control_group", lambda container: group)
    server = make(told, tmp_path, is_local)
    server.freeze()
    server.thaw()
    assert [word for word in told if word != "reload"] == ["pause", "unpause"]


def test_it_is_thawed_before_it_is_removed(told, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "control_group", lambda container: Told(told))
    server = make(told, tmp_path)
    server.freeze()
    server.stop()
    assert [word for word in told if word != "reload"] == ["freeze", "thaw", "logs", "remove"]


def test_memory_is_that_of_the_control_groups_processes_and_unknown_of_another_machine(told, tmp_path, monkeypatch):
    group = SimpleNamespace(pids=lambda: {os.getpid()})
    monkeypatch.setattr(module, "control_group", lambda container: group)
    own = make(told, tmp_path).memory_bytes()
    assert own is None or own > 10_000_000, "where there is a /proc to read"
    assert make(told, tmp_path, is_local=False).memory_bytes() is None
