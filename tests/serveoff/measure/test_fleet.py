"""Real processes: at most one awake, and none left behind."""

import os
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest

from serveoff.measure.fleet import Fleet
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.local import LocalServer
from serveoff.services.registry import read_registry

BASE = replace(read_registry(environ={})[0], ready="", ports={})
ONE, TWO = replace(BASE, name="one"), replace(BASE, name="two")


@dataclass
class Sleepers:
    """A runtime whose servers only sleep."""

    folder: Path
    started: list[LocalServer] = field(default_factory=list)

    def resolve(self, deployment):
        return deployment, ""

    def start(self, deployment):
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        process = processes.spawn(command, os.environ, self.folder / "log")
        self.started.append(LocalServer(deployment, process, {}, self.folder / "log", time.perf_counter()))
        return self.started[-1]


@pytest.fixture
def runtime(tmp_path):
    runtime = Sleepers(tmp_path)
    yield runtime
    for server in runtime.started:
        server.stop()


def status(server):
    return psutil.Process(server.pid).status()


def is_frozen(server, within_s=2.0):
    """A signal takes its time on a busy machine."""
    end = time.monotonic() + within_s
    while status(server) != psutil.STATUS_STOPPED and time.monotonic() < end:
        time.sleep(0.005)
    return status(server) == psutil.STATUS_STOPPED


def test_a_resting_server_is_frozen_and_woken_as_the_same_process(runtime):
    fleet = Fleet(runtime)
    server = fleet.start(ONE)
    fleet.rest(ONE)
    assert is_frozen(server)
    assert fleet.wake(ONE) is server
    assert status(server) != psutil.STATUS_STOPPED
    fleet.close()


def test_a_server_is_stopped_instead_where_memory_is_short_and_started_again(runtime):
    fleet = Fleet(runtime, reserve_bytes=2**62)
    first = fleet.start(ONE)
    fleet.rest(ONE)
    assert first.ended() == "killed by SIGTERM"
    second = fleet.wake(ONE)
    assert second is not first
    assert not second.ended()
    fleet.close()


def test_together_a_resting_server_stays_awake(runtime):
    fleet = Fleet(runtime, together=True)
    server = fleet.start(ONE)
    fleet.rest(ONE)
    assert status(server) != psutil.STATUS_STOPPED
    fleet.close()


def test_close_ends_frozen_and_running_servers_alike(runtime):
    fleet = Fleet(runtime)
    frozen, running = fleet.start(ONE), fleet.start(TWO)
    fleet.rest(ONE)
    fleet.close()
    assert frozen.ended()
    assert running.ended()
    fleet.close()


def test_a_server_apart_runs_beside_those_at_rest_and_ends_with_its_body_however_that_ends(runtime):
    fleet = Fleet(runtime)
    resting = fleet.start(ONE)
    fleet.rest(ONE)

    def body():
        with fleet.apart(TWO) as server:
            assert not server.ended()
            assert is_frozen(resting)
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        body()
    assert runtime.started[-1].ended() == "killed by SIGTERM"
    assert fleet.wake(ONE) is resting
    fleet.close()
