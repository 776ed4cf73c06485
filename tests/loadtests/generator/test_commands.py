"""The generator as a run has it: a Locust process that is told slice by slice what to do, against a server process."""

import os
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.statuses import CUT_SHORT, REFUSED, TIMED_OUT
from tests.loadtests.conftest import GRPC, GRPC_TORCHSERVE, REPOSITORY, REST

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture
def at(server, generator, pool):
    """Tells the generator of an endpoint of the server."""

    def told(name, **more):
        address = server.rest if name.endswith("rest") else server.grpc
        generator.endpoint(name, address, str(pool), **more)
        return name

    return told


def faults(done):
    """What was wrong with a window, but for the generator's own limit: that a busy machine causes by itself."""
    return [problem for problem in done.window.get("problems", []) if problem["code"] != WindowCode.OUT_OF_CPU]


@pytest.mark.parametrize("endpoint", [REST, GRPC, GRPC_TORCHSERVE])
def test_every_request_is_a_row_and_answers_are_checked(server, generator, at, endpoint):
    at(endpoint)
    slices = [generator.slice(endpoint, load, 0.3) for load in ("1", "4", "1")]
    assert sum(len(done.rows["status"]) for done in slices) == server.counters()["count"]
    for done, opened in zip(slices, generator.opened, strict=True):
        window, inside = done.window, done.measured("start_s")
        assert set(done.rows["status"]) == {200}
        assert window["requests"] == len(inside) > 0
        assert window["answers_checked"] == len(done.rows["status"]) > window["requests"], "of the lead-in, too"
        assert window["max_abs_error"] < 1e-6
        assert (faults(done), window.get("errors", 0), window.get("wrong_answers", 0)) == ([], 0, 0)
        assert window["client_cpu_s"] > 0
        assert (done.measured("bytes_out") > 784).all()
        assert (done.measured("bytes_in") > 10).all()
        assert (done.rows["due_s"] == done.rows["start_s"]).all()
        assert (np.diff(done.rows["start_s"] + done.rows["latency_s"]) > -1e-5).all(), "in the order of completion"
        assert inside.min() >= window["start_s"] - 1e-5
        assert (done.rows["start_s"] < window["start_s"]).any(), "the lead-in's are there, too"
        assert window["requests"] <= done.served <= window["requests"] + window["concurrency"]
        assert opened == pytest.approx(window["start_s"], abs=0.2)


@pytest.mark.parametrize("endpoint", [REST, GRPC])
def test_seconds_are_those_of_the_callers_own_requests(server, generator, at, endpoint):
    at(endpoint)
    server.mode("slow")
    done = generator.slice(endpoint, "3", 0.2)
    starts, latencies = done.measured("start_s"), done.measured("latency_s")
    assert (latencies >= 0.02).all()
    longest = (starts + latencies).max() - starts.min()
    assert 0.1 < done.window["duration_s"] <= longest + 1e-6
    assert done.window["requests"] / done.window["duration_s"] == pytest.approx(3 / latencies.mean(), rel=0.1)


@pytest.mark.parametrize("endpoint", [REST, GRPC])
def test_arrivals_come_at_their_rate_and_each_is_a_row(generator, at, endpoint):
    at(endpoint)
    poisson = generator.slice(endpoint, "poisson@200", 2.0)
    constant = generator.slice(endpoint, "constant@100", 1.0)
    assert poisson.window["requests"] == pytest.approx(400, abs=100)
    assert constant.window["requests"] == 100
    assert (poisson.window["arrivals"], poisson.window["rate"], poisson.window["duration_s"]) == ("poisson", 200, 2.0)
    for done in (poisson, constant):
        assert (done.rows["start_s"] >= done.rows["due_s"] - 1e-6).all()
        assert done.window["late_s"] >= 0
        assert done.window["answers_checked"] > 0
        assert (faults(done), done.window.get("errors", 0)) == ([], 0)


@pytest.mark.parametrize("endpoint", [REST, GRPC])
def test_what_a_hanging_server_never_took_is_recorded_as_unanswered(server, generator, at, endpoint):
    at(endpoint)
    server.mode("hang")
    done = generator.slice(endpoint, "poisson@400", 1.0, timeout_s=1.0)
    assert done.window["errors"] == done.window["requests"] > 300
    assert set(done.rows["status"]) <= {CUT_SHORT, TIMED_OUT, 1004}
    waited = done.rows["start_s"] - done.rows["due_s"] + done.rows["latency_s"]
    assert waited.min() > 0.9


def test_a_warm_up_counts_nothing(generator, at):
    done = generator.slice(at(REST), "2", 0.0, lead_in_s=0.3, warm_up=True)
    assert done.window.get("requests", 0) == 0
    assert len(done.rows["status"]) > 0
    assert not done.rows["measured"].any()
    assert done.served == 0


def test_payloads_and_rows_of_a_request_follow_one_another(server, generator, at):
    at("tfserving-null-grpc")
    server.mode("zeros")
    done = generator.slice("tfserving-null-grpc", "2", 0.2)
    assert (done.window.get("wrong_answers", 0), done.window["answers_checked"] > 0) == (0, True)
    batched = generator.slice("tfserving-null-grpc", "1x4", 0.2)
    assert batched.window["batch"] == 4
    assert set(batched.rows["status"]) == {1003}, "this server knows single rows only"
    assert batched.window["request_bytes"] > 3 * done.window["request_bytes"]


@pytest.mark.parametrize(
    ("endpoint", "mode"), [(REST, "wrong"), (REST, "zeros"), (REST, "garbage"), (GRPC, "wrong"), (GRPC, "zeros")]
)
def test_wrong_answers_are_found(server, generator, at, endpoint, mode):
    server.mode(mode)
    window = generator.slice(at(endpoint), "2", 0.2).window
    assert window["wrong_answers"] == window["answers_checked"] > 0
    assert [problem["code"] for problem in window["problems"]] == [WindowCode.WRONG_ANSWERS]


def test_answers_of_a_lower_precision_are_not_wrong_for_their_error_and_must_be_numbers(server, generator, at):
    server.mode("wrong")
    window = generator.slice(at(REST, precision="int8"), "2", 0.2).window
    assert (window.get("wrong_answers", 0), window["answers_checked"] > 0) == (0, True)
    assert window["max_abs_error"] > 1e-3
    server.mode("garbage")
    window = generator.slice(REST, "2", 0.2).window
    assert window["wrong_answers"] == window["answers_checked"] > 0


@pytest.mark.parametrize(("endpoint", "status"), [(REST, 503), (GRPC, 1013)])
def test_refusals_are_rows_with_their_status(server, generator, at, endpoint, status):
    server.mode("error")
    done = generator.slice(at(endpoint), "2", 0.5)
    assert done.window["errors"] == done.window["requests"] > 0
    assert set(done.rows["status"]) == {status}
    (problem,) = done.window["problems"]
    assert problem["code"] == WindowCode.ONLY_ERRORS
    assert "asked to fail" in problem["text"]


@pytest.mark.parametrize(("endpoint", "status"), [(REST, REFUSED), (GRPC, 1014)])
def test_a_server_killed_in_a_window_ends_it_with_the_reason(server, generator, at, endpoint, status):
    generator.begin(at(endpoint), "2", 60.0)
    generator.open()
    server.wait_for_more(10)
    server.kill()
    done = generator.end()
    assert done.window["duration_s"] < 60
    assert done.window["requests"] > done.window["errors"] > 0
    assert [problem["code"] for problem in done.window["problems"]] == [WindowCode.SERVER_SILENT]
    assert status in set(done.rows["status"])
    assert (done.rows["status"] != 200).sum() < 2000, "callers back off from a dead server"


@pytest.mark.parametrize(("endpoint", "status"), [(REST, TIMED_OUT), (GRPC, 1004)])
def test_a_server_that_hangs_cannot_hang_a_slice(server, generator, at, endpoint, status):
    server.mode("hang")
    done = generator.slice(at(endpoint), "2", 0.3, timeout_s=1.0)
    assert set(done.rows["status"]) == {status}
    assert (done.rows["latency_s"] > 0.9).all()


def test_an_endpoint_that_moves_is_found_at_its_new_port(server, generator, at, pool):
    at(REST)
    generator.slice(REST, "2", 0.1)
    generator.endpoint(REST, "127.0.0.1:1", str(pool))
    assert set(generator.slice(REST, "2", 0.1).rows["status"]) == {REFUSED}
    at(REST)
    assert set(generator.slice(REST, "2", 0.1).rows["status"]) == {200}
    assert server.counters()["connections"] == 4 + 1, "the old ones were closed, and one asks for the count"


def test_connections_are_closed_on_command(server, generator, at):
    def connected():
        ours = psutil.Process(generator.process.pid).net_connections("tcp")
        return sum(f"{c.raddr.ip}:{c.raddr.port}" == server.rest for c in ours if c.raddr and c.status != "CLOSE_WAIT")

    generator.slice(at(REST), "4", 0.1)
    assert connected() == 4
    generator.tell("hang up", endpoint=REST)
    at(GRPC)
    assert connected() == 0
    assert set(generator.slice(at(REST), "2", 0.1).rows["status"]) == {200}


def test_with_one_caller_what_the_server_says_of_itself_is_kept(server, generator, at):
    at(REST, counters=f"http://{server.rest}/metrics")
    one, two = (generator.slice(REST, load, 0.2, counters=True) for load in ("1", "2"))
    assert one.window["timed"] == one.window["requests"]
    assert one.window["timings_s"] == {"predict": pytest.approx(0.00025), "total": pytest.approx(0.0005)}
    assert one.window["counters"] == {'asked_total{model="m"}': len(one.rows["status"])}, "counters, and no gauge"
    assert "timed" not in two.window
    assert "counters" not in generator.slice(REST, "1", 0.1).window


def test_counters_that_cannot_be_read_are_missing_and_nothing_fails(generator, at, free_port):
    at(REST, counters=f"http://127.0.0.1:{free_port}/metrics")
    done = generator.slice(REST, "1", 0.2, counters=True)
    assert ("counters" in done.window, faults(done)) == (False, [])


@pytest.mark.parametrize(
    ("command", "fields", "why"),
    [
        ("slice", {"endpoint": "unknown", "load": "1", "lead_in_s": 0, "duration_s": 1}, "no endpoint unknown"),
        ("slice", {"endpoint": REST, "load": "many", "lead_in_s": 0, "duration_s": 1}, "'many' is not a load"),
        ("slice", {"endpoint": REST, "load": "1/nonsense", "lead_in_s": 0, "duration_s": 1}, "nonsense"),
        ("slice", {"endpoint": REST, "load": "1", "lead_in_s": -1, "duration_s": 1}, "lead_in_s"),
        ("dance", {}, "dance"),
        ("close", {"name": REST, "endpoint": REST}, "endpoint"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_next_command_is(generator, at, command, fields, why):
    at(REST)
    generator.tell(command, **fields)
    event = generator.event()
    assert event["event"] == "error"
    assert why in event["text"]
    assert set(generator.slice(REST, "1", 0.1).rows["status"]) == {200}


def test_an_endpoint_that_was_not_told_of_is_an_error(server, generator, at):
    generator.slice(at(REST), "2", 0.1)
    generator.tell("slice", endpoint=GRPC, load="1", lead_in_s=0, duration_s=1)
    assert generator.event()["event"] == "error"


def test_it_ends_with_its_input_and_prints_nothing_but_events(generator, at):
    generator.slice(at(REST), "1", 0.1)
    assert generator.close() == 0
    assert "Traceback" not in generator.log.read_text()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("busy", [True, False])
def test_a_signal_ends_it_at_once(server, generator, at, signum, busy):
    if busy:
        server.mode("hang")
        generator.begin(at(REST), "2", 60.0, timeout_s=60.0)
        server.wait_for(2)
    os.kill(generator.process.pid, signum)
    assert generator.process.wait(timeout=10) == 130
    assert "Traceback" not in generator.log.read_text()


def test_more_arrivals_than_can_be_sent_wait_and_their_wait_counts(generator, at, free_port, pool):
    null = subprocess.Popen([sys.executable, "-m", "benchmarks.null_server", free_port], cwd=REPOSITORY)
    try:
        generator.endpoint("flask-tuned-null-rest", f"127.0.0.1:{free_port}", str(pool))
        generator.slice("flask-tuned-null-rest", "4", 0.3)
        done = generator.slice("flask-tuned-null-rest", "poisson@250000", 1.0)
    finally:
        null.kill()
        null.wait()
    waited_s = done.rows["start_s"] - done.rows["due_s"]
    assert waited_s.max() > 0.5, "no machine sends a quarter of a million requests a second from one process"
