"""Several load generators under one master, as processes; in containers they are locust-master and locust-worker."""

import json
import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest

from serveoff.loadtests.recording.records import parts
from tests.loadtests.conftest import LOCUST, REPOSITORY, REST
from tests.loadtests.fetch import fetch
from tests.loadtests.rows import read_rows
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
NUMBERS = count()
PATIENT = ("--request-timeout", "60")
SWARM, STOP = {"user_count": 4, "spawn_rate": 4, "endpoint": REST, "host": ""}, {"": ""}


@contextmanager
def running(command, folder):
    """A Locust process of the body; its output goes to a file of its own."""
    log = folder / f"process-{next(NUMBERS)}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, "SERVEOFF_STATE": str(folder / "state")},
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    process.log = log
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def worker(tmp_path, free_port):
    """Starts a worker of the master on `free_port`; all of them end with the test."""
    command = [*LOCUST, "--worker", "--master-port", free_port]
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(running([*command, *options], tmp_path))


@pytest.fixture
def distributed(locust, server, free_port):
    """Runs users on so many workers, which are there when the master starts its test."""

    def run(workers, users, run_time, during=None):
        master = ("--master", "--master-bind-port", free_port, "--expect-workers", str(workers))
        options = ("--endpoint", REST, "--address", server.rest, "--request-timeout", "30")
        return locust(*options, *master, "--users", users, "-r", users, "--run-time", run_time, during=during)

    return run


def measured(rows):
    return [row for row in rows if row["measured"]]


@pytest.mark.parametrize("users", ["1", "4"])
def test_two_workers_measure_as_one_process_does_even_a_single_user(server, worker, distributed, users):
    worker(), worker()
    outcome = distributed(2, users, "2s")
    assert outcome.code == 0, outcome.output
    (window,) = outcome.windows
    assert (window["concurrency"], window["errors"]) == (int(users), 0)
    assert len(outcome.rows) == server.counters()["count"]
    rows_of_workers = [read_rows(part).to_pylist() for part in parts(outcome.rows_path)]
    assert len(rows_of_workers) == 2
    assert all(rows for rows in rows_of_workers) or users == "1"


def test_the_rows_of_the_other_workers_are_kept_where_one_is_killed(server, worker, distributed):
    worker()
    victim = worker()

    def kill_one(_):
        server.wait_for_more(50)
        victim.kill()

    outcome = distributed(2, "4", "15s", during=kill_one)
    assert outcome.code == 0, outcome.output
    assert len(parts(outcome.rows_path)) == 1
    assert measured(outcome.rows)


def test_no_worker_left_is_a_failure_of_the_load_generator(server, worker, distributed):
    victims = [worker(), worker()]

    def kill_all(_):
        server.wait_for_more(50)
        for victim in victims:
            victim.kill()

    outcome = distributed(2, "4", "15s", during=kill_all)
    assert outcome.code == 1, outcome.output
    assert "no worker is left" in outcome.output
    assert parts(outcome.rows_path) == []


@pytest.fixture
def page(server, pool, tmp_path, free_port, other_port):
    """A master with a web page; yields its process and address."""
    ports = ("--master-bind-port", free_port, "--web-host", "127.0.0.1", "--web-port", other_port)
    files = ("--model-dir", str(pool), "--address", server.rest, "--rows", str(tmp_path / "rows.parquet"))
    with running([*LOCUST, "--master", *ports, *files, *PATIENT], tmp_path) as process:
        yield process, f"http://127.0.0.1:{other_port}"


def states_of_workers(address):
    return [worker["state"] for worker in json.loads(fetch(f"{address}/stats/requests"))["workers"]]


def wait_for_workers(address, count):
    wait_until(lambda: states_of_workers(address) == ["ready"] * count, f"{count} workers are ready", seconds=50)


def told(address, what, form):
    return '"success":true' in fetch(f"{address}/{what}", form).replace(" ", "")


def test_tests_of_the_page_follow_one_another_at_once(page, worker, server, tmp_path):
    """Locust lets a worker wait for as long again as its last request may take: here longer than we wait for it."""
    process, address = page
    worker(*PATIENT), worker(*PATIENT)
    for _ in range(2):
        wait_for_workers(address, 2)
        before = server.counters()["count"]
        assert told(address, "swarm", SWARM)
        server.wait_for(before + 20)
        assert told(address, "stop", STOP)
        wait_for_workers(address, 2)
        assert len(read_rows(tmp_path / "rows.parquet")) == server.counters()["count"] - before > 0
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_a_worker_that_comes_late_takes_no_part(page, worker, server, tmp_path):
    _, address = page
    worker()
    wait_for_workers(address, 1)
    assert told(address, "swarm", SWARM)
    server.wait_for(20)
    worker()
    wait_until(lambda: len(states_of_workers(address)) == 2, "the second worker has joined")
    assert told(address, "stop", STOP)
    assert len(read_rows(tmp_path / "rows.parquet")) == server.counters()["count"] > 0


def test_a_worker_ends_soon_after_its_master_is_gone_so_that_it_can_join_the_next(page, worker):
    process, address = page
    orphan = worker()
    wait_for_workers(address, 1)
    process.send_signal(signal.SIGSTOP)
    assert orphan.wait(timeout=50) == 0, "Locust's own patience is a minute"
