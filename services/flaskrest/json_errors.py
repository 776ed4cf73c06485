"""What is no HTTP request gets its error in JSON from gunicorn's threaded worker, too, in place of a page in HTML."""

import socket
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http.errors import ParseException

from serveoff.services.flaskrest.exchange import refusal


def answer_in_json(worker: Any) -> None:
    """Have a worker of gunicorn's answer so."""
    worker.handle_error = partial(_answer, worker.handle_error)


def _answer(otherwise: Any, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
    if not isinstance(exc, ParseException):
        otherwise(req, client, addr, exc)
        return
    with suppress(OSError):
        client.sendall(refusal(exc))
