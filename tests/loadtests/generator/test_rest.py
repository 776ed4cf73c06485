"""One loop over many sockets, in this process, against servers that do as they are told."""

import itertools
import math
import time

import numpy as np
import psutil
import pytest

from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.recording import PATIENCE_S, Recording
from serveoff.loadtests.generator.rest import Driver
from serveoff.loadtests.loads import parse_load
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.statuses import CUT_SHORT, NO_ANSWER, REFUSED, TIMED_OUT
from tests.loadtests.generator.scripted_server import BODY, GOOD, HANG, HANG_UP, RESET, ScriptedServer
from tests.waiting import wait_until

HEAD = b"POST /p HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"
REQUESTS = [(HEAD % len(body), body) for body in (b"first", b"second", b"third" * 100_000)]


@pytest.fixture
def serve():
    servers = []

    def start(*lines, **how):
        servers.append(ScriptedServer(*lines, **how))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def driver():
    drivers = []

    def of(server, port=None):
        target = Target("e", "rest", "127.0.0.1", port or server.port, "m", "f", "/p")
        drivers.append(Driver(target))
        return drivers[-1]

    yield of
    for made in drivers:
        made.close()


def plan(load, lead_in_s=0.0, duration_s=0.2, timeout_s=5.0, seed=1):
    return Drive(parse_load(load), lead_in_s, duration_s, timeout_s, seed)


def drive(driver, plan, requests=REQUESTS, **more):
    recording = Recording(plan, on_open=lambda: None, **more)
    driver.drive(recording, requests)
    return recording


def statuses(recording):
    return [row[4] for row in recording.rows]


def test_each_caller_sends_its_next_request_when_its_last_is_answered(serve, driver):
    server = serve(GOOD, pause_s=0.005)
    recording = drive(driver(server), plan("3"))
    assert set(statuses(recording)) == {200}
    assert len(recording.rows) == len(server.requests) > 6
    assert (server.connections, server.most_at_once) == (3, 3)
    assert set(server.requests) == {head + body for head, body in REQUESTS}
    assert {row[6] for row in recording.rows} == {len(BODY)}
    for number in range(3):
        of_one = sorted(
            (start, start + latency) for caller, _, start, latency, *_ in recording.rows if caller == number
        )
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(of_one))
        assert all(end - start >= 0.005 for start, end in of_one)


def test_connections_stay_open_from_slice_to_slice(serve, driver):
    server = serve(GOOD)
    driven = driver(server)
    for load in ("2", "1", "2"):
        assert set(statuses(drive(driven, plan(load, duration_s=0.05)))) == {200}
    assert server.connections == 2


def test_the_window_opens_after_the_lead_in_and_what_is_under_way_at_its_end_is_waited_for(serve, driver):
    opened = []
    recording = Recording(plan("2", lead_in_s=0.1, duration_s=0.1), on_open=lambda: opened.append(time.perf_counter()))
    driver(serve(GOOD, pause_s=0.03)).drive(recording, REQUESTS)
    (at,) = opened
    starts = np.array([row[2] for row in recording.rows])
    ends = starts + np.array([row[3] for row in recording.rows])
    assert recording.opened <= at <= recording.ended
    assert recording.opened - recording.begun >= 0.1
    assert recording.ended - recording.opened >= 0.1
    assert (starts < recording.opened).any()
    assert ends.max() >= recording.ended > starts.max()
    assert recording.answered_since_told() == (ends >= recording.told_at).sum()


def test_a_warm_up_has_no_window(serve, driver):
    recording = drive(driver(serve(GOOD)), plan("2", lead_in_s=0.05, duration_s=0.0))
    assert recording.rows
    assert recording.opened == math.inf


def test_an_answer_in_pieces_is_one_and_another_connection_follows_one_that_closes(serve, driver):
    parts = [bytes([byte]) for byte in GOOD]
    closing = GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    server = serve(parts, closing, GOOD)
    recording = drive(driver(server), plan("1"))
    assert set(statuses(recording)) == {200}
    assert server.connections == 2
    assert {answer for _, answer in recording.verified.unknown} == {BODY}


@pytest.mark.parametrize("line", [RESET, HANG_UP, GOOD[:-1], GOOD + b"HTTP/1.1 200 OK\r\n", b"nonsense\r\n\r\n"])
def test_what_is_no_whole_answer_is_no_answer_and_the_next_request_has_a_new_connection(serve, driver, line):
    bad = [line] if isinstance(line, bytes) and not line.endswith(b"\r\n") else line
    server = serve(GOOD, bad if line != GOOD[:-1] else closing_after(line), GOOD)
    recording = drive(driver(server), plan("1", duration_s=0.3))
    found = statuses(recording)
    assert (found[0], found[1] in NO_ANSWER, found[2]) == (200, True, 200)
    assert set(found[3:]) == {200}
    assert server.connections == 2
    assert {answer for _, answer in recording.verified.unknown} == {BODY}


def closing_after(line):
    """Sent, and then the connection ends: the head says so to the server of the test alone."""
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99\r\n\r\n" + line


def test_errors_are_rows_and_their_bodies_no_answers(serve, driver):
    server = serve(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
    recording = drive(driver(server), plan("2", duration_s=0.4))
    assert set(statuses(recording)) == {503}
    assert recording.verified.unknown == []
    assert recording.problem.code is WindowCode.ONLY_ERRORS
    assert "HTTP 503 busy" in recording.problem.text
    assert server.connections == 2, "an error is an answer"


def test_a_connection_that_was_closed_between_slices_is_opened_anew(serve, driver):
    server = serve(GOOD)
    driven = driver(server)
    drive(driven, plan("4", duration_s=0.05))
    server.hang_up()
    wait_until(lambda: hung_up_on(server) == 4)
    assert set(statuses(drive(driven, plan("4", duration_s=0.05)))) == {200}
    assert server.connections == 8


def hung_up_on(server):
    """How many of our connections to it have been closed at its end."""
    ours = psutil.Process().net_connections("tcp")
    return sum(c.status == psutil.CONN_CLOSE_WAIT for c in ours if c.raddr and c.raddr.port == server.port)


def test_a_dead_server_is_given_up_and_not_asked_without_pause(serve, driver):
    server = serve(GOOD)
    server.close()
    recording = drive(driver(server), plan("8", duration_s=60.0))
    assert recording.problem.code is WindowCode.SERVER_SILENT
    assert recording.ended - recording.opened >= PATIENCE_S
    assert set(statuses(recording)) == {REFUSED}
    assert "connection refused" in recording.problem.text
    assert len(recording.rows) < 2000


def test_a_request_that_gets_no_answer_in_time_failed(serve, driver):
    server = serve(HANG)
    recording = drive(driver(server), plan("2", duration_s=0.1, timeout_s=0.3))
    assert statuses(recording) == [TIMED_OUT, TIMED_OUT]
    assert all(row[3] > 0.3 for row in recording.rows)


@pytest.mark.parametrize("load", ["2", "constant@50"])
def test_an_answer_that_drips_is_given_up_when_its_time_is_over(serve, driver, load):
    drip = [b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", *[b"x"] * 10_000]
    recording = drive(driver(serve(drip)), plan(load, timeout_s=0.3))
    assert set(statuses(recording)) == {TIMED_OUT}


class Flood:
    """An answer without an end, each time it is sent."""

    def __init__(self, head):
        self.head = b"HTTP/1.1 200 OK\r\n" + head

    def __iter__(self):
        return itertools.chain([self.head], itertools.repeat(b"10000\r\n" + b"x" * 2**16 + b"\r\n"))


@pytest.mark.parametrize("head", [b"Connection: close\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_an_answer_that_never_ends_is_given_up_by_its_size_and_the_window_says_so(serve, driver, head):
    recording = drive(driver(serve(Flood(head))), plan("2", duration_s=60.0, timeout_s=60.0), most_bytes=2**20)
    assert set(statuses(recording)) == {CUT_SHORT}
    assert recording.problem.code is WindowCode.SERVER_SILENT
    assert "more than 1 MiB" in recording.problem.text


def test_how_large_an_answer_may_be_is_each_slice_s_own(serve, driver):
    driven = driver(serve(b"HTTP/1.1 200 OK\r\nContent-Length: 262144\r\n\r\n" + bytes(2**18)))
    found = [drive(driven, plan("1", duration_s=0.05), most_bytes=most) for most in (2**20, 2**17, 2**20)]
    assert [set(statuses(recording)) for recording in found] == [{200}, {CUT_SHORT}, {200}]


def test_arrivals_are_sent_when_they_are_due_over_as_many_connections_as_it_takes(serve, driver):
    server = serve(GOOD, pause_s=0.05)
    asked = plan("constant@200", lead_in_s=0.2, duration_s=0.5)
    recording = drive(driver(server), asked)
    due = np.sort([row[1] for row in recording.rows])
    np.testing.assert_allclose(due - recording.begun, asked.due(), atol=1e-6)
    assert all(row[2] >= row[1] for row in recording.rows)
    assert len(recording.rows) == 140
    assert 10 <= server.connections <= 140
    assert len(recording.late_s) == pytest.approx(100, abs=2)
    assert recording.opened == pytest.approx(recording.begun + 0.2), "by the schedule, whenever it is noticed"
    assert recording.ended == pytest.approx(recording.begun + 0.7)
    assert recording.spun_s > 0


def test_what_finds_all_connections_busy_waits_and_its_wait_counts(serve, driver, monkeypatch):
    monkeypatch.setattr("serveoff.loadtests.loads.OPEN_LOOP_CONNECTIONS", 2)
    server = serve(GOOD, pause_s=0.05)
    recording = drive(driver(server), plan("constant@100", duration_s=0.2))
    assert server.connections == 2
    assert set(statuses(recording)) == {200}
    waited = sorted(row[2] - row[1] for row in recording.rows)
    assert len(waited) == 20
    assert waited[-1] > 0.2, "20 of 50 ms each, two at a time, are done after 500 ms"
    assert max(recording.late_s) < 0.2, "a busy connection's time is not the generator's lateness"


def test_what_a_hanging_server_never_took_is_recorded_as_unanswered(serve, driver, monkeypatch):
    monkeypatch.setattr("serveoff.loadtests.loads.OPEN_LOOP_CONNECTIONS", 2)
    server = serve(HANG)
    recording = drive(driver(server), plan("constant@100", duration_s=0.2, timeout_s=0.2))
    assert len(recording.rows) == 20
    assert set(statuses(recording)) == {TIMED_OUT, CUT_SHORT}, "two hang; the others never had a connection"


def test_a_slice_of_a_seed_sends_the_same_inputs_at_the_same_times():
    assert (plan("poisson@500", seed=3).due() == plan("poisson@500", seed=3).due()).all()
    short, long = plan("poisson@500", seed=3), plan("poisson@500", seed=3, lead_in_s=1.0)
    np.testing.assert_allclose(long.due()[long.due() >= 1.0] - 1.0, short.due())
    assert not np.array_equal(plan("poisson@500", seed=3).due(), plan("poisson@500", seed=4).due())
