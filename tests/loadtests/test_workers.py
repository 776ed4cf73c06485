"""Several load generators under one master, as processes; in containers they are locust-master and locust-worker."""

import json
import os
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager

import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.rows import parts, read_rows
from tests.loadtests.conftest import LOCUST, REPOSITORY, REST
from tests.loadtests.fetch import fetch

pytestmark = pytest.mark.slow


@contextmanager
def running(command, folder):
    """A Locust process of the body; its output goes to a file of its own."""
    log = folder / f"{time.monotonic_ns()}.log"
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
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running([*LOCUST, "--worker", "--master-port", free_port], tmp_path))


@pytest.fixture
def distributed(locust, server, free_port):
    """Runs stages on so many workers, which are there when the master starts its test."""

    def run(workers, stages, during=None):
        master = ("--master", "--master-bind-port", free_port, "--expect-workers", str(workers))
        options = ("--endpoint", REST, "--address", server.rest, "--stages", stages, "--request-timeout", "2")
        page = ("--counters", f"http://{server.rest}/metrics")
        return locust(*options, *page, *master, during=during)

    return run


def measured(rows):
    return [row for row in rows if row["measured"]]


def test_two_workers_measure_as_one_process_does_even_a_single_user(server, worker, distributed):
    worker(), worker()
    outcome = distributed(2, "1:0.5,4:1")
    assert outcome.code == 0, outcome.output
    assert [w["concurrency"] for w in outcome.windows] == [1, 4]
    assert all(w["requests"] > 0 and w["problems"] == [] for w in outcome.windows)
    alone, four = outcome.windows
    assert alone["timed"] == alone["requests"] <= alone["counters"]['asked_total{model="m"}'], "read by the master"
    assert (four["timed"], four["counters"]) == (0, {})
    assert sum(w["requests"] for w in outcome.windows) == len(measured(outcome.rows))
    assert len(outcome.rows) == server.counters()["count"]
    assert_rows_lie_in(outcome.windows[1], [read_rows(part).to_pylist() for part in parts(outcome.rows_path)])


def assert_rows_lie_in(window, rows_of_workers):
    """By one clock: the processes and the containers of a machine share it."""
    begin, end = window["start_s"], window["start_s"] + window["duration_s"]
    for rows in rows_of_workers:
        starts = [row["start_s"] for row in measured(rows) if row["concurrency"] == window["concurrency"]]
        assert begin - 1e-5 <= min(starts) < begin + 0.2
        assert end - 0.2 < max(starts) <= end + 1e-5


def test_a_worker_killed_in_a_window_is_a_problem_of_it(server, worker, distributed):
    worker()
    victim = worker()

    def kill_one(_):
        server.wait_for(50)
        time.sleep(2)
        victim.kill()

    began = time.monotonic()
    outcome = distributed(2, "4:20,8:20,6:20", during=kill_one)
    assert outcome.code == 0, outcome.output
    assert time.monotonic() - began < 30, "there is no point in measuring without it"
    assert [w["concurrency"] for w in outcome.windows] == [4, 8, 6]
    for window in outcome.windows:
        assert {problem["code"] for problem in window["problems"]} == {WindowCode.WORKERS}
        assert [problem["text"] for problem in window["problems"]] == [
            "1 of 2 workers are gone",
            "1 of 2 workers did not report: their requests are not counted",
        ]
    assert sum(w["requests"] for w in outcome.windows) == len(measured(outcome.rows)) > 0


def test_no_worker_left_is_a_failure_of_the_load_generator(server, worker, distributed):
    victims = [worker(), worker()]

    def kill_all(_):
        server.wait_for(50)
        time.sleep(2)
        for victim in victims:
            victim.kill()

    outcome = distributed(2, "4:20,2:20", during=kill_all)
    assert outcome.code == 1, outcome.output
    assert "no worker is left" in outcome.output
    assert outcome.summary == {}


def test_a_worker_that_comes_late_is_told_of_and_not_counted(server, worker, distributed):
    worker()

    def come_late(_):
        server.wait_for(50)
        worker()

    outcome = distributed(1, "4:3,2:0.5", during=come_late)
    assert outcome.code == 0, outcome.output
    assert [w["concurrency"] for w in outcome.windows] == [4, 2]
    assert "workers joined while the test ran (1)" in outcome.windows[1]["problems"][0]["text"]


@pytest.fixture
def page(server, pool, tmp_path, free_port, other_port):
    """A master with a web page; yields its process and address."""
    command = [
        *LOCUST,
        "--master",
        "--master-bind-port",
        free_port,
        "--web-host",
        "127.0.0.1",
        "--web-port",
        other_port,
    ]
    files = ["--model-dir", str(pool), "--address", server.rest, "--rows", str(tmp_path / "rows.parquet")]
    with running([*command, *files], tmp_path) as process:
        yield process, f"http://127.0.0.1:{other_port}"


def wait_for_workers(address, count):
    end = time.monotonic() + 40
    while [w["state"] for w in json.loads(fetch(f"{address}/stats/requests"))["workers"]] != ["ready"] * count:
        assert time.monotonic() < end, f"no {count} workers are ready"
        time.sleep(0.2)


def test_tests_of_the_page_follow_one_another_at_once(page, worker, server, tmp_path):
    process, address = page
    worker(), worker()
    for _ in range(2):
        wait_for_workers(address, 2)
        before, began = server.counters()["count"], time.monotonic()
        form = {"user_count": 4, "spawn_rate": 4, "endpoint": REST, "host": ""}
        assert '"success":true' in fetch(f"{address}/swarm", form).replace(" ", "")
        time.sleep(1)
        assert '"success":true' in fetch(f"{address}/stop", {"": ""}).replace(" ", "")
        wait_for_workers(address, 2)
        assert time.monotonic() - began < 6
        assert len(read_rows(tmp_path / "rows.parquet")) == server.counters()["count"] - before > 0
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_a_worker_ends_soon_after_its_master_is_gone_so_that_it_can_join_the_next(page, worker):
    process, address = page
    orphan = worker()
    wait_for_workers(address, 1)
    time.sleep(1.5)  # the first heartbeat has come
    process.send_signal(signal.SIGSTOP)
    assert orphan.wait(timeout=20) == 0
