"""Real processes: at most one awake, and none left behind."""

import os
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from serveoff.measure import fleet as fleet_module
from serveoff.measure.fleet import Fleet
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.local import LocalServer
from serveoff.services.registry import read_registry
from tests.waiting import wait_until

BASE = replace(read_registry(environ={})[0], ready="", ports={})
ONE, TWO = replace(BASE, name="one"), replace(BASE, name="two")


ENDS_AFTER_ALL_WERE_ASKED = """
import signal, sys, time
from pathlib import Path
folder, name = Path(sys.argv[1]), sys.argv[2]
def asked(signum, frame):
    (folder / f"{name}.asked").touch()
    while len(list(folder.glob("*.asked"))) < 30:
        time.sleep(0.01)
    sys.exit(7)
signal.signal(signal.SIGTERM, asked)
(folder / f"{name}.up").touch()
time.sleep(600)
"""


@dataclass
class Sleepers:
    """A runtime whose servers only sleep, or run this code."""

    folder: Path
    code: str = "import time; time.sleep(60)"
    started: list[LocalServer] = field(default_factory=list)
    engine: str | None = None

    def resolve(self, deployment):
        return deployment, ""

    def start(self, deployment):
        command = [sys.executable, "-c", self.code, str(self.folder), deployment.name]
        process = processes.spawn(command, os.environ, self.folder / "log")
        self.started.append(LocalServer(deployment, process, {}, self.folder / "log", time.perf_counter()))
        return self.started[-1]

    def stop(self, servers):
        processes.stop_all([server.process for server in servers], grace_s=60)


@pytest.fixture
def runtime(tmp_path):
    runtime = Sleepers(tmp_path)
    yield runtime
    for server in runtime.started:
        server.stop()


def status(server):
    return psutil.Process(server.pid).status()


def wait_until_frozen(server):
    """A signal takes its time on a busy machine."""
    wait_until(lambda: status(server) == psutil.STATUS_STOPPED)


def test_a_resting_server_is_frozen_and_woken_as_the_same_process(runtime):
    fleet = Fleet(runtime)
    server = fleet.start(ONE)
    fleet.rest(ONE)
    wait_until_frozen(server)
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


@pytest.mark.parametrize(("engine", "ends"), [(None, True), ("Docker 28.2.2", False)])
def test_memory_is_short_where_the_group_of_the_run_has_less_left_and_its_servers_are_in_it(
    runtime, monkeypatch, engine, ends
):
    monkeypatch.setattr(fleet_module, "memory_left", lambda groups: 2**30)
    runtime.engine = engine
    fleet = Fleet(runtime, reserve_bytes=2**30 + 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**40))
    server = fleet.start(ONE)
    fleet.rest(ONE)
    assert bool(server.ended()) is ends
    fleet.close()


def test_a_floor_that_is_started_again_has_said_that_it_is_ready_before_it_is_asked(runtime, monkeypatch):
    waited = []
    monkeypatch.setattr(fleet_module, "wait_floor", waited.append)
    fleet, floor = Fleet(runtime, reserve_bytes=2**62), replace(ONE, protocols=("call",))
    fleet.start(floor)
    fleet.rest(floor)
    assert waited == []
    server = fleet.wake(floor)
    assert waited == [server]
    assert fleet.start_number(floor) == 1, "for want of memory is no start of its own"
    assert (fleet.is_cold(floor), fleet.is_cold(floor)) == (True, False)
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
            wait_until_frozen(resting)
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        body()
    assert runtime.started[-1].ended() == "killed by SIGTERM"
    assert fleet.wake(ONE) is resting
    fleet.close()


def test_close_asks_thirty_servers_of_which_half_are_frozen_before_it_waits_for_the_first(runtime, tmp_path):
    """Each server ends only after all of them were asked to."""
    runtime.code = ENDS_AFTER_ALL_WERE_ASKED
    fleet = Fleet(runtime)
    deployments = [replace(BASE, name=f"server-{number}") for number in range(30)]
    servers = [fleet.start(deployment) for deployment in deployments]
    wait_until(lambda: len(list(tmp_path.glob("*.up"))) == 30)
    for deployment in deployments[::2]:
        fleet.rest(deployment)
    fleet.close()
    assert {server.ended() for server in servers} == {"exit code 7"}
