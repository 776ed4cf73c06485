"""Ask an address, once and at most for so long, whether anyone listens there and what a page of it says."""

import http.client
import socket


def accepts(host: str, port: int, timeout_s: float) -> bool:
    """Whether a connection can be opened."""
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True


def page(address: str, path: str, timeout_s: float) -> str | None:
    """The body of a good answer to a GET at `host:port`; None where there is none."""
    connection = http.client.HTTPConnection(address, timeout=timeout_s)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode(errors="replace") if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
