"""waitress around any application, and clients that dawdle, hoard or leave out what HTTP asks for."""

from __future__ import annotations

import logging
import re
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil
import pytest

from serveoff.services.tfserving.embedded import http_server
from serveoff.services.tfserving.embedded.http_server import LARGEST_HEADER_BYTES, HttpServer
from tests.waiting import wait_until

LONG = 20 << 20
"""Bytes: more than waitress keeps of answers before a thread has to wait."""


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = bytes(LONG) if environ["PATH_INFO"] == "/long" else b"short"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def serving(max_body_bytes: int = 1000) -> Iterator[int]:
    server, stop = HttpServer(app, "127.0.0.1", 0, threads=1, max_body_bytes=max_body_bytes), threading.Event()
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        yield server.port
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def port() -> Iterator[int]:
    with serving() as found:
        yield found


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def get(path: str, *headers: str, version: str = "1.1") -> bytes:
    return "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/{version}", *headers, "")).encode()


def ask(client: socket.socket, request: bytes) -> bytes:
    """The whole answer, however many parts it comes in; what there is of one that has no end."""
    client.sendall(request)
    answer = b""
    while part := client.recv(65536):
        answer += part
        head, ended, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if ended and (length is None or len(body) >= int(length[1])):
            break
    return answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/", "Host: a"), 200),
        (get("/", version="1.0"), 200),
        (get("/"), 400),
        (get("/", "Host: a", version="1.2"), 400),
        (get("/", "Host: a", version="9.9"), 400),
        (get("/", "Host: a", "Transfer-Encoding: chunked") + b"zz\r\n", 400),
    ],
)
def test_what_is_not_http_1_0_or_1_1_is_refused_in_json(port: int, request_bytes: bytes, status: int) -> None:
    with connect(port) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert int(answer.split()[1]) == status
    assert (b'{"error":' in answer) == (status == 400)


ENDLESS = {
    "size": b"0" * (LARGEST_HEADER_BYTES + 1),
    "extension": b"1;".ljust(LARGEST_HEADER_BYTES + 1, b"a"),
    "trailer": b"0\r\n" + b"a:".ljust(LARGEST_HEADER_BYTES + 1, b"a"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_line_before_a_chunk_and_a_trailer_have_an_end(name: str) -> None:
    with serving(max_body_bytes=1 << 20) as port, connect(port) as client:
        client.sendall(get("/", "Host: a", "Transfer-Encoding: chunked") + ENDLESS[name])
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'{"error":' in answer


def test_chunks_with_extensions_and_trailers_are_read(port: int) -> None:
    with connect(port) as client:
        chunks = b"2;a=b\r\nab\r\n0\r\nc: d\r\n\r\n"
        assert ask(client, get("/", "Host: a", "Transfer-Encoding: chunked") + chunks).startswith(b"HTTP/1.1 200")


def is_closed(client: socket.socket) -> bool:
    """Whether the server has closed it; if not, it gets one byte more."""
    try:
        client.sendall(b"a")
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_request_that_drips_is_over_and_who_asks_nothing_stays(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_S", 0.5)
    with connect(port) as dripping, connect(port) as silent, connect(port) as answered:
        assert ask(answered, get("/", "Host: a")).startswith(b"HTTP/1.1 200")
        dripping.sendall(b"GET /")
        dripping.setblocking(False)
        wait_until(lambda: is_closed(dripping), "it is closed, although there is always one byte more")
        for client in (silent, answered):
            assert ask(client, get("/", "Host: a")).startswith(b"HTTP/1.1 200")


def test_at_the_limit_who_has_been_asking_longest_makes_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "most_connections", lambda wanted: 2)
    with serving() as port, connect(port) as dripping:
        dripping.sendall(b"GET /")
        with connect(port) as idle:
            assert ask(idle, get("/", "Host: a")).startswith(b"HTTP/1.1 200")
            dripping.sendall(b"a")
            with connect(port) as late:
                assert ask(late, get("/", "Host: a")).startswith(b"HTTP/1.1 200")
            assert ask(idle, get("/", "Host: a")).startswith(b"HTTP/1.1 200")


def test_a_client_that_takes_no_answer_holds_the_thread_for_a_while_only(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "SEND_S", 0.5)
    with connect(port) as greedy, connect(port) as other:
        greedy.sendall(get("/long", "Host: a") * 3)
        assert ask(other, get("/", "Host: a")).startswith(b"HTTP/1.1 200")


def test_connections_up_to_the_limit_make_way_for_new_ones(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_server, "most_connections", lambda wanted: 8)
    with serving() as port, ExitStack() as clients:
        for _ in range(40):
            clients.enter_context(connect(port))
        with connect(port) as late:
            assert ask(late, get("/", "Host: a")).startswith(b"HTTP/1.1 200")
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1


def test_without_descriptors_idle_connections_make_way_too(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The limit is this process's own, so the clients' sockets are made before it is lowered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(4)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds(), hard))
        try:
            for client in clients:
                client.settimeout(10)
                client.connect(("127.0.0.1", port))
            wait_until(lambda: caplog.records, "it is said")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert ask(clients[-1], get("/", "Host: a")).startswith(b"HTTP/1.1 200")
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1
