"""Ask an address, once and at most for so long, whether anyone listens there and what a page of it says."""

import http.client
import socket

from serveoff.services.bounded_http import Connection


def accepts(host: str, port: int, timeout_s: float) -> bool:
    """Whether a connection can be opened."""
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True


def page(address: str, path: str, timeout_s: float) -> str | None:
    """The body of a good answer to a GET at `host:port`; None where there is none."""
    connection = Connection(address, timeout_s)
    try:
        status, body = connection.ask("GET", path)
        return body.decode(errors="replace") if status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
