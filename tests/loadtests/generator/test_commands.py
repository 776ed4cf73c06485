"""The generator as a run has it: a Locust process that is told slice by slice what to do, against a server process."""

import subprocess
import sys

import numpy as np
import pytest

from serveoff.loadtests.problems import WindowCode
from tests.loadtests.conftest import GRPC, GRPC_TORCHSERVE, REPOSITORY, REST, FakeServer, Generator, faults

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def running(pool, tmp_path_factory):
    """A server and a generator, for all of these tests: none of them ends one, or leaves it with something to do."""
    server, generator = FakeServer(pool), Generator(tmp_path_factory.mktemp("generator") / "generator.log")
    try:
        assert generator.event() == {"event": "ready"}
        yield server, generator
    finally:
        generator.close()
        server.close()


@pytest.fixture
def server(running):
    running[0].mode("golden")
    return running[0]


@pytest.fixture
def generator(running):
    running[1].opened.clear()
    return running[1]


@pytest.mark.parametrize("endpoint", [REST, GRPC, GRPC_TORCHSERVE])
def test_every_request_is_a_row_and_answers_are_checked(server, generator, at, endpoint):
    at(endpoint)
    before = server.counters()["count"]
    slices = [generator.slice(endpoint, load, 0.3) for load in ("1", "4", "1")]
    assert sum(len(done.rows["status"]) for done in slices) == server.counters()["count"] - before
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


@pytest.mark.parametrize(("endpoint", "unseen"), [(REST, False), (REST, True), (GRPC, True)])
def test_only_inputs_that_no_format_was_exported_with_may_round_worse_than_golden_ones(
    server, generator, at, endpoint, unseen
):
    server.mode("rounded")
    window = generator.slice(at(endpoint, unseen=unseen), "2", 0.2).window
    assert window["answers_checked"] > 0
    assert window.get("wrong_answers", 0) == (0 if unseen else window["answers_checked"])


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


def test_more_arrivals_than_can_be_sent_wait_and_their_wait_counts(generator, at, free_port, pool):
    null = subprocess.Popen([sys.executable, "-m", "benchmarks.null_server", free_port], cwd=REPOSITORY)
    try:
        generator.endpoint("flask-tuned-null-rest", f"127.0.0.1:{free_port}", str(pool))
        generator.slice("flask-tuned-null-rest", "4", 0.3)
        done = generator.slice("flask-tuned-null-rest", "poisson@250000", 0.1, lead_in_s=0.02)
    finally:
        null.kill()
        null.wait()
    assert done.window["requests"] == pytest.approx(25_000, rel=0.1)
    waited_s = done.rows["start_s"] - done.rows["due_s"]
    assert waited_s.max() > 0.1, "no machine sends a quarter of a million requests a second from one process"
