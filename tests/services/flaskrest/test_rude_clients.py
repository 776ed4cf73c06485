"""Clients that dawdle, hoard, push in or do not speak HTTP cost the others nothing. Raw sockets to real servers."""

from __future__ import annotations

import json
import resource
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.bad_inputs import GOOD, PREDICT, send
from tests.services.flaskrest.serving import COMMAND, HOST, Server, serve
from tests.services.flaskrest.test_server import GOOD_BYTES, connect, read_answer
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
NOWHERE = Path("/nowhere")
PLAIN = (sys.executable, "-m", "serveoff.services.flaskapp")
JSON = "Host: a\r\nContent-Type: application/json\r\n"
JSON_IN_CHUNKS = f"{JSON}Transfer-Encoding: chunked\r\n\r\n"
SERVERS = {
    "tuned": (COMMAND, {}),
    "batching": (COMMAND, {"batch_size": 8, "batch_delay_ms": 50}),
    "threads": (COMMAND, {"threads_per_worker": 2}),
    "plain": (PLAIN, {}),
}
OURS = ("tuned", "batching")
MEGABYTE = 1 << 20
HOLDS_LITTLE = """
import sys
from serveoff.services.flaskrest import worker
from serveoff.services.flaskrest.gunicorn_app import launch
worker.HELD_BODIES, worker.HELD_BYTES = 0, 9 << 19
sys.exit(launch())
"""
"""Four and a half megabytes."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(serve(NOWHERE, "null", tmp_path_factory.mktemp(name), command, **settings))
            for name, (command, settings) in SERVERS.items()
        }


def until_closed(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(1 << 20), b""))


def connections(server: Server) -> int:
    """How many the worker holds."""
    found = server.tree()[1].net_connections("tcp")
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in found)


def good_answers(server: Server) -> None:
    """On a new connection, within the 10 s of its time-out."""
    assert send(HOST, server.port, GOOD).status == 200


def unread(server: Server) -> socket.socket:
    """A client that asks and asks until the server reads no more of it, and reads no answer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((HOST, server.port))
    client.setblocking(False)
    requests = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 1000
    rest = requests
    while select.select([], [client], [], 0.5)[1]:
        rest = rest[client.send(rest) :] or requests
    return client


@pytest.mark.parametrize("name", OURS)
def test_clients_that_read_no_answer_hold_nobody_up_and_are_closed(servers: dict[str, Server], name: str) -> None:
    server = servers[name]
    with ExitStack() as clients:
        for _ in range(4):
            clients.enter_context(unread(server))
        good_answers(server)
        assert connections(server) >= 1
        wait_until(lambda: connections(server) == 0, "who reads nothing is closed")


def test_a_client_that_reads_slowly_gets_all_of_its_answer(servers: dict[str, Server]) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((HOST, servers["tuned"].port))
        client.settimeout(10)
        count = 3000
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * count)
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client).count(b"HTTP/1.1 200 OK") == count


def test_many_requests_at_once_take_turns_with_others(servers: dict[str, Server]) -> None:
    count = 1500
    with connect(servers["tuned"]) as greedy, connect(servers["tuned"]) as other:
        greedy.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * count)
        received = greedy.recv(1)
        other.sendall(GOOD_BYTES)
        assert read_answer(other)[0] == 200
        greedy.setblocking(False)
        while select.select([greedy], [], [], 0)[0]:
            received += greedy.recv(1 << 20)
        assert received.count(b"HTTP/1.1 200 OK") < count
        greedy.settimeout(10)
        greedy.shutdown(socket.SHUT_WR)
        assert (received + until_closed(greedy)).count(b"HTTP/1.1 200 OK") == count


@pytest.mark.parametrize("size", [1, 4096])
def test_many_small_chunks_are_read_in_time(tmp_path: Path, size: int) -> None:
    body = GOOD.body.ljust(60 * 1024 * (1 if size == 1 else 100))
    chunks = b"".join(b"%x\r\n%s\r\n" % (size, body[i : i + size]) for i in range(0, len(body), size))
    with serve(NOWHERE, "null", tmp_path, max_body_bytes=len(body)) as server, connect(server) as client:
        client.sendall(f"POST {PREDICT} HTTP/1.1\r\n{JSON_IN_CHUNKS}".encode() + chunks + b"0\r\n\r\n")
        assert read_answer(client)[0] == 200


@pytest.mark.parametrize("name", SERVERS)
def test_a_client_that_has_ended_its_side_gets_its_answers(servers: dict[str, Server], name: str) -> None:
    with connect(servers[name]), connect(servers[name]) as client:  # a batch may wait for the first one
        client.sendall(GOOD_BYTES * 3)
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("path", ["/readyz", "/nope", PREDICT])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bad_chunks_have_one_answer_whatever_the_route(
    servers: dict[str, Server], name: str, path: str, method: str
) -> None:
    with connect(servers[name]) as client:
        client.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
        answers = until_closed(client)
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1") == 1
    assert set(json.loads(answers.partition(b"\r\n\r\n")[2])) == {"error"}


@pytest.mark.parametrize("name", SERVERS)
def test_http_1_1_needs_a_host(servers: dict[str, Server], name: str) -> None:
    for version, status in (("1.1", 400), ("1.0", 200)):
        with connect(servers[name]) as client:
            client.sendall(f"GET /readyz HTTP/{version}\r\n\r\n".encode())
            assert read_answer(client)[0] == status


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_client_sent_is_quoted_little_and_its_version_not_at_all(servers: dict[str, Server], name: str) -> None:
    with connect(servers[name]) as client:
        client.sendall(b"GET /%s HTTP/1.1\r\nHost: a\r\nA(%s: b\r\n\r\n" % (b"p" * 3000, b"x" * 3000))
        assert len(until_closed(client)) < 500
    with connect(servers[name]) as client:
        client.sendall(b"GET /readyz HTTP/1.2\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert until_closed(client).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(("name", "threads"), [("threads", 2), ("plain", 1)])
def test_who_waits_to_be_told_to_go_on_holds_a_thread_for_seconds_only(
    servers: dict[str, Server], name: str, threads: int
) -> None:
    with ExitStack() as halves:
        for _ in range(threads):
            begun = f"POST {PREDICT} HTTP/1.1\r\n{JSON}Expect: 100-continue\r\nContent-Length: 99\r\n\r\n"
            halves.enter_context(connect(servers[name])).sendall(begun.encode())
        good_answers(servers[name])


@pytest.mark.parametrize("name", ["threads", "plain"])
@pytest.mark.parametrize(
    "half",
    [
        GOOD_BYTES[:-1],
        f"POST {PREDICT} HTTP/1.1\r\n{JSON_IN_CHUNKS}fffff\r\n".encode(),
        f"POST {PREDICT} HTTP/1.1\r\n{JSON_IN_CHUNKS}".encode() + b"64\r\n%s\r\n" % (b" " * 100) * 999,
        GOOD_BYTES + GOOD_BYTES[:-1],
    ],
    ids=["length", "chunk", "chunks", "pipelined"],
)
def test_half_a_body_holds_no_thread(servers: dict[str, Server], name: str, half: bytes) -> None:
    """Each would for 5 s: the good request's time-out is 10 s."""
    with ExitStack() as halves:
        for _ in range(8):
            halves.enter_context(connect(servers[name])).sendall(half)
        good_answers(servers[name])


@pytest.mark.parametrize("name", ["threads", "plain"])
@pytest.mark.parametrize(
    "last",
    [
        b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        f"POST {PREDICT} HTTP/1.1\r\n{JSON}Content-Length: 99999999999\r\n\r\n".encode(),
        b"nonsense\r\n\r\n",
    ],
    ids=["answered", "too long", "no request"],
)
def test_who_does_not_hang_up_after_its_last_answer_holds_nobody_up(
    servers: dict[str, Server], name: str, last: bytes
) -> None:
    """Each would for seconds: the good request's time-out is 10 s."""
    server = servers[name]
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(30)]
        for client in clients:
            client.sendall(last)
        good_answers(server)
        for client in clients:
            assert read_answer(client)[0] in (200, 400, 413)
        wait_until(lambda: connections(server) == 0, "who does not hang up is closed")


@pytest.mark.parametrize("name", ["threads", "plain"])
def test_clients_that_send_a_byte_now_and_then_are_ended(servers: dict[str, Server], name: str) -> None:
    begun = f"POST {PREDICT} HTTP/1.1\r\n"
    heads = (begun, f"{begun}{JSON_IN_CHUNKS}fffff\r\n", f"{begun}{JSON}Content-Length: 60000\r\n\r\n")
    with ExitStack() as stack:
        dripping = [stack.enter_context(connect(servers[name])) for _ in heads]
        for client, head in zip(dripping, heads, strict=True):
            client.sendall(head.encode())
        for _ in range(240):
            if not dripping:
                break
            for client in select.select(dripping, [], [], 0.25)[0]:
                with suppress(ConnectionResetError):
                    until_closed(client)
                dripping.remove(client)
            for client in dripping:
                with suppress(ConnectionError):  # the next look will tell
                    client.send(b"1")
        assert not dripping
        good_answers(servers[name])


@pytest.mark.parametrize(("name", "said"), [("tuned", b""), ("plain", b""), ("tuned", b"G"), ("plain", b"G")])
def test_connections_up_to_the_limit_that_ask_for_nothing_make_way(tmp_path: Path, name: str, said: bytes) -> None:
    limited = ("sh", "-c", 'ulimit -n 160 && exec "$@"', "sh", *SERVERS[name][0])
    with serve(NOWHERE, "null", tmp_path, limited) as server, ExitStack() as silent:
        workers = server.tree()[1:]
        for _ in range(200):
            silent.enter_context(connect(server)).sendall(said)
        good_answers(server)
        assert server.tree()[1:] == workers
        assert server.log.read_text().count("make way for new ones") == (name == "tuned")


@pytest.mark.parametrize(
    ("framing", "end"),
    [
        (f"Content-Length: {MEGABYTE}\r\n\r\n", b" "),
        (f"Transfer-Encoding: chunked\r\n\r\n{MEGABYTE:x}\r\n", b" \r\n0\r\n\r\n"),
    ],
    ids=["length", "chunked"],
)
def test_unfinished_requests_hold_so_much_together_and_those_that_began_first_make_way(
    tmp_path: Path, framing: str, end: bytes
) -> None:
    begun = f"POST {PREDICT} HTTP/1.1\r\n{JSON}{framing}".encode() + b" " * (MEGABYTE - 1)
    command = (sys.executable, "-c", HOLDS_LITTLE)
    with serve(NOWHERE, "null", tmp_path, command, max_body_bytes=MEGABYTE) as server, ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(8)]
        for client in clients:
            client.sendall(begun)
            good_answers(server)  # the worker has seen that client ask
        for client in clients[:4]:
            status, body = read_answer(client)
            assert (status, set(json.loads(body))) == (503, {"error"})
        for client in clients[4:]:
            client.sendall(end)
            assert read_answer(client)[0] == 400, "spaces are no JSON, and were read to their end"


def test_a_worker_without_descriptors_closes_idle_connections_and_lives_on(tmp_path: Path) -> None:
    with serve(NOWHERE, "null", tmp_path) as server, ExitStack() as silent:
        (worker,) = server.tree()[1:]
        limit = worker.num_fds() + 10
        worker.rlimit(psutil.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        for _ in range(40):
            silent.enter_context(connect(server))
        good_answers(server)
        assert server.tree()[1:] == [worker]
        assert server.log.read_text().count("make way for new ones") == 1
