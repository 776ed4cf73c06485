"""Which of a host's addresses is asked."""

import _socket
from contextlib import closing
from typing import Any, Final

from serveoff.loadtests.endpoints import Target

PATIENCE_S: Final = 2.0
"""For one address to accept, where there are others."""
Address = tuple[int, int, int, str, Any]
"""As getaddrinfo gives it."""


def address_of(target: Target) -> Address:
    """The first that accepts, as clients choose; the first of all where none does. OSError where the host has none."""
    found: list[Address] = _socket.getaddrinfo(target.host, target.port, 0, _socket.SOCK_STREAM)
    return first_that_accepts(found)


def first_that_accepts(addresses: list[Address]) -> Address:
    """One alone is not tried."""
    return next(filter(_accepts, addresses), addresses[0]) if len(addresses) > 1 else addresses[0]


def _accepts(address: Address) -> bool:
    family, kind, protocol, _, place = address
    try:
        with closing(_socket.socket(family, kind, protocol)) as connection:
            connection.settimeout(PATIENCE_S)
            return connection.connect_ex(place) == 0
    except OSError:
        return False
