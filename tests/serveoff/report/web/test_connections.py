"""Clients that keep connections and do nothing with them keep nobody out: the real page, and real sockets."""

import socket
from types import SimpleNamespace

import pytest

from serveoff.report.web.connections import DEADLINE_S, MOST, SPARE, Channel, shed
from tests.serveoff.report.web.test_process import Running

HALF = b"GET / HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def page(results):
    running = Running(results)
    yield running
    assert running.stop()[0] == 0


class Open:
    """A connection of the page's, as far as `shed` looks at it."""

    def __init__(self, created_s, active_s=0.0, requests=(), unsent=0):
        self.creation_time, self.last_activity = created_s, active_s
        self.requests, self.total_outbufs_len = list(requests), unsent
        self.closed = False

    def late(self, now):
        return Channel.late(self, now)

    def handle_close(self):
        self.closed = True


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr("serveoff.report.web.connections.time", SimpleNamespace(time=lambda: 1000.0))
    return 1000.0


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", HALF])
@pytest.mark.parametrize("count", [130, MOST + 50])
def test_half_open_connections_keep_nobody_out(page, sent, count):
    held = [socket.create_connection((page.host, int(page.port))) for _ in range(count)]
    for connection in held:
        connection.sendall(sent)
    try:
        for path in ("/healthz", "/", "/runs/before/"):
            connection = socket.create_connection((page.host, int(page.port)), timeout=DEADLINE_S / 2)
            with connection:
                connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                assert connection.recv(64).startswith(b"HTTP/1.0 200"), "long before any of the others is given up"
    finally:
        for connection in held:
            connection.close()


@pytest.mark.slow
def test_a_body_that_no_page_takes_is_refused_before_it_comes(page):
    with socket.create_connection((page.host, int(page.port))) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_a_byte_now_and_then_is_no_request_and_not_taking_an_answer_ends_it(now):
    soon, late = now - DEADLINE_S + 1, now - DEADLINE_S - 1
    dripping, waiting = Open(late, active_s=now), Open(soon)
    stuck, taking = Open(late, active_s=late, unsent=9), Open(late, active_s=soon, unsent=9)
    stuck_in_a_thread, answered = Open(late, late, [object()], unsent=9), Open(late, late, [object()])
    shed([dripping, waiting, stuck, taking, stuck_in_a_thread, answered])
    assert [dripping.closed, stuck.closed, stuck_in_a_thread.closed] == [True] * 3
    assert [waiting.closed, taking.closed, answered.closed] == [False] * 3, "a page may take its time to be made"


def test_at_the_limit_the_longest_idle_makes_way(now):
    idle = [Open(now - 1 - number / MOST) for number in range(MOST - SPARE)]
    busy = [Open(now - 9, requests=[object()]), Open(now - 9, now, unsent=9)]
    shed([*idle, *busy])
    assert [connection.closed for connection in idle] == [False] * (len(idle) - 2) + [True] * 2
    assert not any(connection.closed for connection in busy)
