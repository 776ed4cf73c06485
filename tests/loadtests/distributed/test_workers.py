"""Workers under a master that is commanded as a run's load generator is, against a server process."""

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.measure.runtimes import loopback_ports
from tests.loadtests.conftest import GRPC, REPOSITORY, REST
from tests.loadtests.distributed.conftest import opened
from tests.networks import HOST

pytestmark = [pytest.mark.slow, pytest.mark.alone]
BUSY = {WindowCode.OUT_OF_CPU, WindowCode.NOT_TOGETHER}
"""What a busy machine causes by itself."""
AHEAD_S = 1000.0
FAR_S = 0.03


def clocks(done):
    return [clock["offset_s"] for clock in done.window["workers"]], [c["bound_s"] for c in done.window["workers"]]


def faults(done):
    return [problem["code"] for problem in done.window.get("problems", []) if problem["code"] not in BUSY]


def check_counts(done, workers):
    """Every request is a row, and what is counted is what rows say."""
    window, inside = done.window, done.rows["measured"] == 1
    assert len(window["workers"]) == workers
    assert (faults(done), window.get("errors", 0), window.get("wrong_answers", 0)) == ([], 0, 0)
    assert window["requests"] == inside.sum() > 0
    assert window["answers_checked"] == len(done.rows["status"])
    assert (np.diff(done.rows["start_s"] + done.rows["latency_s"]) >= 0).all(), "in the order of completion"
    due = done.rows["due_s"][inside]
    spread_s = 0.1 + window["lead_in_s"] + window["duration_s"]
    assert due.max() - due.min() < spread_s, "by one clock"


@pytest.fixture(scope="module")
def four(tmp_path_factory, pool):
    """Four workers, of which the last one's clock is far ahead where this machine lets us set it."""
    folder, port = tmp_path_factory.mktemp("four"), str(loopback_ports.free_port())
    with opened(folder, pool, port) as field:
        for _ in range(3):
            field.worker()
        field.shifted = can_shift()
        field.worker(*(shift() if field.shifted else ()))
        field.master()
        for name in (REST, GRPC):
            field.endpoint(name, pool)
        yield field


def shift():
    """A command whose process has a monotonic clock of its own."""
    return ("unshare", "--time", "--monotonic", str(int(AHEAD_S)), "--")


def can_shift():
    found = shutil.which("unshare")
    return bool(found) and subprocess.run([*shift(), "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("load", "taking"), [(f"{REST} 8", 4), (f"{REST} 6", 4), (f"{REST} 2", 2), (f"{REST} 1", 1), (f"{GRPC} 4", 4)]
)
def test_rows_of_all_are_what_the_server_counted(four, load, taking):
    name, load = load.split()
    before = four.server.counters()["count"]
    done = four.generator.slice(name, load, 0.5)
    check_counts(done, taking)
    assert len(done.rows["status"]) == four.server.counters()["count"] - before
    assert done.window["concurrency"] == int(load)
    latency_s = done.measured("latency_s")
    assert done.window["requests"] / done.window["duration_s"] <= 1.01 * int(load) / latency_s.mean()
    assert done.window["duration_s"] == pytest.approx(0.5, abs=0.25)


@pytest.mark.parametrize("name", [REST, GRPC])
def test_arrivals_dealt_to_four_are_those_of_one(four, name):
    before = four.server.counters()["count"]
    done = four.generator.slice(name, "constant@200", 0.5)
    check_counts(done, 4)
    assert len(done.rows["status"]) == four.server.counters()["count"] - before
    assert done.window["requests"] == 100
    assert np.diff(np.sort(done.measured("due_s"))) == pytest.approx(1 / 200, abs=2 * sum(clocks(done)[1]))
    assert done.window["duration_s"] == 0.5


def test_a_clock_that_is_off_is_corrected_and_every_bound_holds(four):
    """On one machine true offsets are known: 0, or what the clock was set to."""
    began = time.time()
    slices = [four.generator.slice(REST, "8", 0.2) for _ in range(10)]
    for done in slices:
        offsets, bounds = map(np.array, clocks(done))
        ahead = offsets > AHEAD_S / 2
        assert ahead.sum() == four.shifted
        assert (np.abs(offsets - AHEAD_S * ahead) <= bounds + 1e-9).all()
        assert began < done.rows["start_s"].min() < done.rows["start_s"].max() < time.time()
    if not four.shifted:
        pytest.skip("SKIPPED LOUDLY: no time namespace here, so no worker's clock was shifted")


def test_a_warm_up_counts_nothing(four):
    done = four.generator.slice(REST, "4", 0.0, lead_in_s=0.2, warm_up=True)
    assert (done.window.get("requests", 0), done.served, done.window.get("problems", [])) == (0, 0, [])
    assert len(done.rows["status"]) > 0


def test_what_cannot_be_driven_is_told_and_the_next_slice_is_driven(four):
    four.generator.begin("no-such-endpoint", "4", 0.1)
    event = four.generator.event()
    assert event["event"] == "error"
    assert "no endpoint no-such-endpoint was announced" in event["text"]
    check_counts(four.generator.slice(REST, "4", 0.2), 4)


def test_a_worker_that_is_killed_is_missed_and_the_run_goes_on_with_the_rest_and_who_comes(field, pool):
    field.worker(), field.worker()
    field.master()
    field.endpoint(REST, pool)
    check_counts(field.generator.slice(REST, "4", 0.2), 2)
    field.generator.begin(REST, "4", 0.5, timeout_s=1.0)
    field.generator.open()
    field.workers[0].kill()
    done = field.generator.end()
    assert faults(done) == [WindowCode.WORKER_LOST]
    assert len(done.window["workers"]) == 1
    check_counts(field.generator.slice(REST, "4", 0.2), 1)
    field.worker()
    field.joined(3)
    check_counts(field.generator.slice(REST, "4", 0.2), 2)
    field.workers[1].terminate()
    field.workers[2].terminate()
    for worker in field.workers:
        worker.wait(timeout=30)
    field.generator.begin(REST, "4", 0.2)
    assert "no load worker is left" in field.generator.event()["text"]


def test_workers_end_with_their_master(field):
    worker = field.worker()
    field.master()
    assert field.generator.close() == 0
    assert worker.wait(timeout=30) == 0


@contextmanager
def relayed(target, back_s):
    command = [sys.executable, "-m", "tests.loadtests.distributed.far_network", target, str(back_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as relay:
        yield relay.stdout.readline().strip()
        relay.kill()


def test_a_window_narrower_than_ten_times_the_bound_is_invalid(field, pool):
    """The way from the master to the worker takes 30 ms, and none back: the clock seems off by half of that."""
    with relayed(f"{field.host}:{field.port}", FAR_S) as port:
        field.worker(port=port)
        field.master()
        field.endpoint(REST, pool)
        narrow, wide = (field.generator.slice(REST, "2", seconds) for seconds in (0.1, 1.0))
    for done in (narrow, wide):
        ((offset_s,), (bound_s,)) = clocks(done)
        assert abs(offset_s) <= bound_s
        assert FAR_S / 2 * 0.9 < bound_s < FAR_S
        assert len(done.rows["status"]) > 0
    codes = [[problem["code"] for problem in done.window.get("problems", [])] for done in (narrow, wide)]
    assert [WindowCode.NOT_TOGETHER in found for found in codes] == [True, False]


def test_four_workers_in_networks_of_their_own_drive_one_window(networks, tmp_path, pool, free_port):
    with opened(tmp_path, pool, free_port, host=HOST) as field:
        for name in networks:
            field.worker("ip", "netns", "exec", name)
        field.master()
        for name in (REST, GRPC):
            field.endpoint(name, pool)
            before = field.server.counters()["count"]
            for load in ("8", "poisson@200"):
                done = field.generator.slice(name, load, 0.5)
                check_counts(done, 4)
                offsets, bounds = clocks(done)
                assert (np.abs(offsets) <= bounds).all(), "they share one clock"
                before += len(done.rows["status"])
            assert before == field.server.counters()["count"]
