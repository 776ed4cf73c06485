"""Answers that drip or never end, from a real server: each is over by its deadline or its size."""

import itertools

import pytest

from serveoff.services import bounded_http
from serveoff.services.bounded_http import Connection, EndlessAnswer
from serveoff.services.probes import page
from tests.loadtests.generator.scripted_server import BODY, GOOD, ScriptedServer

HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = HEAD + b"Connection: close\r\n\r\n"
DRIPPING = {
    "head": [bytes([byte]) for byte in HEAD + b"X: " + b"x" * 10_000],
    "body": [HEAD + b"Content-Length: 10000\r\n\r\n", *[b"x"] * 10_000],
    "chunks": [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 10_000],
    "to the end": [ENDLESS, *[b"x"] * 10_000],
}
"""A byte every 2 ms: each would last 20 s."""


@pytest.fixture
def serve():
    servers = []

    def start(*lines):
        servers.append(ScriptedServer(*lines))
        return f"127.0.0.1:{servers[-1].port}"

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("drip", DRIPPING)
def test_an_answer_that_drips_is_over_by_the_deadline(serve, drip):
    address = serve(DRIPPING[drip])
    with pytest.raises(TimeoutError):
        Connection(address, 0.3).ask("POST", "/", b"", {})
    assert page(address, "/", 0.3) is None


def test_an_answer_that_never_ends_is_over_by_its_size(serve, monkeypatch):
    monkeypatch.setattr(bounded_http, "MOST_BYTES", 2**20)
    address = serve(itertools.chain([ENDLESS], itertools.repeat(b"x" * 2**16)))
    with pytest.raises(EndlessAnswer):
        Connection(address, 60).ask("POST", "/", b"", {})


def test_answers_follow_one_another_on_a_connection_and_after_it_was_closed(serve):
    closing = GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    connection = Connection(serve(GOOD, closing, GOOD), 60)
    assert [connection.ask("POST", "/", b"body", {"X": "1"}) for _ in range(4)] == [(200, BODY)] * 4
    connection.close()
