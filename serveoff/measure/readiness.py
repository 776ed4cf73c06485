"""Wait for a server to come up, and time the phases of its cold start."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Callable

from serveoff.errors import ServerFailed
from serveoff.measure.runtimes import Server
from serveoff.measure.runtimes.processes import tail
from serveoff.record.problems import StartCode

POLL_EVERY_S = 0.005
LOOK_EVERY_S = 0.2
PROBE_TIMEOUT_S = 2.0
READY_DEADLINE_S = 120.0


def wait_port(server: Server, deadline_s: float = READY_DEADLINE_S) -> float:
    """Seconds from spawn until the REST port accepts connections; ServerFailed with the log's end otherwise."""
    host, port = _split(server.addresses["rest"])
    return _wait(server, lambda: _accepts(host, port), "open its port", deadline_s)


def wait_ready(server: Server, deadline_s: float = READY_DEADLINE_S) -> float:
    """Seconds from spawn until the server says, by its own protocol, that it can predict."""
    port_name, _, path = server.deployment.ready.partition("/")
    host, port = _split(server.addresses[port_name])
    pattern = re.compile(server.deployment.ready_match)
    count = server.deployment.ready_count
    return _wait(server, lambda: _says_ready(host, port, f"/{path}", pattern, count), "become ready", deadline_s)


def _wait(server: Server, reached: Callable[[], bool], what: str, deadline_s: float) -> float:
    look_at_s = 0.0
    while True:
        if reached():
            return time.perf_counter() - server.spawned_at
        # Seldom: asking a container engine costs it CPU time that the server may want.
        if time.perf_counter() >= look_at_s:
            look_at_s = time.perf_counter() + LOOK_EVERY_S
            if ended := server.ended():
                raise failure(server, StartCode.ENDED, f"ended ({ended}) before it could {what}")
        if time.perf_counter() - server.spawned_at > deadline_s:
            raise failure(server, StartCode.TIMED_OUT, f"did not {what} within {deadline_s:.0f} s")
        time.sleep(POLL_EVERY_S)


def failure(server: Server, code: StartCode, what: str) -> ServerFailed:
    """An error that shows the end of the server's log."""
    log = tail(server.log)
    shown = f"\n{log}" if log else ""
    return ServerFailed(code, f"{server.deployment.name} {what}{shown}", f"its whole log: {server.log}")


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _says_ready(host: str, port: int, path: str, pattern: re.Pattern[str], count: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status == 200 and len(pattern.findall(answer.read().decode(errors="replace"))) >= count
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
