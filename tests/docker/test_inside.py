"""What is read from inside a container, and what it is seen to use, on a real engine."""

import time
from contextlib import suppress
from types import SimpleNamespace

import docker
import pytest
from docker.errors import NotFound

from serveoff.measure.audit.procfs import LIMITS, STAT, STATUS, address_space_limit, read_threads
from serveoff.measure.runtimes.containers.container_procfs import read_container
from serveoff.measure.runtimes.containers.server import DockerServer
from serveoff.measure.runtimes.containers.usage import engine_stats, kernel_counters, reader
from serveoff.measure.runtimes.cpus import available_cpus
from serveoff.services.registry import read_registry
from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow]

DEPLOYMENT = read_registry(environ={})[0]
BUSY = ["python", "-c", "held = b'x' * 60_000_000\nwhile True: pass"]
HARDENED = {
    "user": "10001:10001",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": "256m",
    "cpuset_cpus": "0",
}


@pytest.fixture(scope="module")
def start(images):
    client = docker.from_env()
    started = []

    def run(**options):
        container = client.containers.run("serveoff/locust", BUSY, detach=True, **options)
        started.append(container)
        container.reload()
        return container

    yield run
    for container in started:
        with suppress(NotFound):
            container.remove(force=True)


@pytest.fixture(scope="module")
def hardened(start):
    return start(**HARDENED)


def test_a_hardened_container_is_seen_as_such(hardened):
    seen = read_container(hardened, cpus=(0,))
    assert seen.problems == []
    assert (seen.cpus, seen.cpu_limit, seen.memory_limit_bytes) == ([0], None, 256 * 2**20)
    assert (seen.user_id, seen.capabilities, seen.no_new_privileges, seen.read_only_root) == (10001, 0, True, True)
    assert seen.versions["python"].startswith("3.11")
    assert "locust" in seen.versions
    assert "torch" not in seen.versions


def test_cores_that_were_not_asked_for_are_a_problem(hardened):
    assert [p.text for p in read_container(hardened, cpus=(1,)).problems] == ["it has core 0; requested: core 1"]


def test_its_processes_are_seen_without_the_one_that_looks(hardened, tmp_path):
    engine = SimpleNamespace(is_local=True)
    server = DockerServer(DEPLOYMENT, hardened, {}, 0.0, (None, None), engine, [0], tmp_path / "log")
    threads = read_threads(server.kernel(STATUS))
    assert [(thread.process, thread.cpus) for thread in threads] == [(1, (0,))]
    assert server.memory_bytes() > 60_000_000, "it holds as much, and Python beside it"
    assert address_space_limit(server.kernel(LIMITS)) is None


@pytest.mark.skipif(len(available_cpus()) < 2, reason="there is one core")
def test_all_its_threads_go_to_other_cores_and_back(start, tmp_path):
    engine = SimpleNamespace(is_local=True)
    server = DockerServer(DEPLOYMENT, start(**HARDENED), {}, 0.0, (None, None), engine, [0], tmp_path / "log")
    for cores in ([0, 1], [0]):
        server.use_cores(cores)
        assert {thread.cpus for thread in read_threads(server.kernel(STATUS))} == {tuple(cores)}
    server.use_cores([999])  # the engine refuses
    assert {thread.cpus for thread in read_threads(server.kernel(STATUS))} == {(0,)}
    assert "(C2 Compiler" not in server.kernel(STAT)
    assert server.kernel(STAT).startswith("1 (python)")


def test_a_careless_container_is_seen_as_such(start):
    seen = read_container(start(user="0:0", nano_cpus=500_000_000), cpus=())
    assert (seen.cpu_limit, seen.memory_limit_bytes) == (0.5, None)
    assert seen.user_id == 0
    assert seen.capabilities > 0
    assert not seen.no_new_privileges
    assert not seen.read_only_root


def test_the_kernel_s_counters_are_those_that_the_engine_reads(hardened):
    read = kernel_counters(hardened)
    assert read is not None, "the engine of these tests runs on this machine"
    for _ in range(2):
        before = read()
        of_engine = engine_stats(hardened)
        now = read()
        # The engine made its sample up to a second ago, and this process burns at most one CPU.
        assert before.cpu_s - 2.0 <= of_engine.cpu_s <= now.cpu_s


@pytest.mark.parametrize("is_local", [True, False], ids=["kernel", "engine"])
def test_readings_count_cpu_seconds(hardened, is_local):
    read, began = reader(hardened, is_local), time.monotonic()
    before = read()
    wait_until(lambda: read().cpu_s - before.cpu_s > 0.1, "it has used CPU")
    after = read()
    assert after.cpu_s - before.cpu_s <= time.monotonic() - began + 1.0, "this process burns at most one CPU"


@pytest.mark.parametrize("by_freezer", [True, False], ids=["freezer", "engine"])
def test_frozen_it_uses_no_cpu_and_thawed_it_goes_on(start, tmp_path, by_freezer):
    container = start()
    engine = SimpleNamespace(is_local=by_freezer)
    server = DockerServer(DEPLOYMENT, container, {}, 0.0, (None, None), engine, [0], tmp_path / "log")
    read = reader(container, is_local=True)
    server.freeze()
    frozen = read().cpu_s
    container.reload()
    assert container.status == ("running" if by_freezer else "paused"), "tests of containers may write to the freezer"
    assert len(server.pids()) == 1
    assert read().cpu_s == frozen
    server.thaw()
    wait_until(lambda: read().cpu_s > frozen, "it goes on")
    server.freeze()
    server.stop()
    assert server.ended() == "its container was removed"
