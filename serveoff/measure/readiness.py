"""Wait for a server to come up, and time the phases of its cold start."""

import re
import time
from collections.abc import Callable

from serveoff.errors import ServerFailed
from serveoff.measure.runtimes import Server
from serveoff.measure.runtimes.processes import tail
from serveoff.record.problems import StartCode
from serveoff.services.probes import accepts, page

POLL_EVERY_S = 0.005
LOOK_EVERY_S = 0.2
PROBE_TIMEOUT_S = 2.0
READY_DEADLINE_S = 120.0
REASON = re.compile(r"^error: (.+)$", re.MULTILINE)
"""How a server of ours says in its log why it does not start."""


def wait_port(server: Server, deadline_s: float = READY_DEADLINE_S) -> float:
    """Seconds from spawn until the REST port accepts connections; ServerFailed with the log's end otherwise."""
    host, _, port = server.addresses["rest"].rpartition(":")
    return _wait(server, lambda: accepts(host, int(port), PROBE_TIMEOUT_S), "open its port", deadline_s)


def wait_ready(server: Server, deadline_s: float = READY_DEADLINE_S) -> float:
    """Seconds from spawn until the server says, by its own protocol, that it can predict."""
    port_name, _, path = server.deployment.ready.partition("/")
    pattern, count = re.compile(server.deployment.ready_match), server.deployment.ready_count

    def says_ready() -> bool:
        answer = page(server.addresses[port_name], f"/{path}", PROBE_TIMEOUT_S)
        return answer is not None and len(pattern.findall(answer)) >= count

    return _wait(server, says_ready, "become ready", deadline_s)


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
    """An error that shows the end of the server's log, and first the reason that a server of ours names there."""
    log = tail(server.log)
    reasons = REASON.findall(log)
    shown = (f": {reasons[-1]}" if reasons else "") + (f"\n{log}" if log else "")
    return ServerFailed(code, f"{server.deployment.name} {what}{shown}", f"its whole log: {server.log}")
