"""What ends, hangs or moves, and what counts connections: each with a generator and a server process of its own."""

import os
import signal

import psutil
import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.statuses import CUT_SHORT, REFUSED, TIMED_OUT
from tests.loadtests.conftest import GRPC, REST, faults

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("endpoint", [REST, GRPC])
def test_what_a_hanging_server_never_took_is_recorded_as_unanswered(server, generator, at, endpoint):
    at(endpoint)
    server.mode("hang")
    done = generator.slice(endpoint, "poisson@400", 1.0, timeout_s=1.0)
    assert done.window["errors"] == done.window["requests"] > 300
    assert set(done.rows["status"]) <= {CUT_SHORT, TIMED_OUT, 1004}
    waited = done.rows["start_s"] - done.rows["due_s"] + done.rows["latency_s"]
    assert waited.min() > 0.9


@pytest.mark.parametrize(("endpoint", "status"), [(REST, REFUSED), (GRPC, 1014)])
def test_a_server_killed_in_a_window_ends_it_with_the_reason(server, generator, at, endpoint, status):
    generator.begin(at(endpoint), "2", 60.0)
    generator.open()
    server.wait_for_more(10)
    server.kill()
    done = generator.end()
    assert done.window["duration_s"] < 60
    assert done.window["requests"] > done.window["errors"] > 0
    assert [problem["code"] for problem in faults(done)] == [WindowCode.SERVER_SILENT]
    assert status in set(done.rows["status"])
    assert (done.rows["status"] != 200).sum() < 2000, "callers back off from a dead server"


@pytest.mark.parametrize(("endpoint", "status"), [(REST, TIMED_OUT), (GRPC, 1004)])
def test_a_server_that_hangs_cannot_hang_a_slice(server, generator, at, endpoint, status):
    server.mode("hang")
    done = generator.slice(at(endpoint), "2", 0.3, timeout_s=1.0)
    assert set(done.rows["status"]) == {status}
    assert (done.rows["latency_s"] > 0.9).all()


@pytest.mark.parametrize(
    ("endpoint", "status", "code", "said"),
    [
        (REST, CUT_SHORT, WindowCode.SERVER_SILENT, "more than 16 MiB"),
        (GRPC, 1008, WindowCode.ONLY_ERRORS, "RESOURCE_EXHAUSTED"),
    ],
)
def test_a_server_whose_answers_have_no_end_is_given_up_for_that(server, generator, at, endpoint, status, code, said):
    server.mode("flood")
    done = generator.slice(at(endpoint), "4", 60.0)
    assert set(done.rows["status"]) == {status}
    (problem,) = faults(done)
    assert (problem["code"], said in problem["text"]) == (code, True)


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
