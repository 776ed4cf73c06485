"""Loopback ports that servers can be started on."""

import random
import socket

from serveoff.errors import ServerFailed
from serveoff.record.problems import StartCode

LOOPBACK = "127.0.0.1"
PORTS = (20_000, 32_000)
"""Below the ephemeral ports of Linux (32768) and macOS (49152)."""
PORT_TRIES = 1000
_RANDOM = random.SystemRandom()
"""Not the seeded one, which some library of each of two processes may have set alike."""


def free_port() -> int:
    """A loopback port that no one listens on now, from a range that no outgoing connection is given.

    A server that takes seconds to come up would find an ephemeral port taken by some client meanwhile.
    """
    for _ in range(PORT_TRIES):
        port = _RANDOM.randrange(*PORTS)
        if port_is_free(port):
            return port
    text = f"no free loopback port from {PORTS[0]} to {PORTS[1]}"
    raise ServerFailed(StartCode.NOT_STARTED, text, "stop servers that use these ports")


def port_is_free(port: int) -> bool:
    """True where a server could listen on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
