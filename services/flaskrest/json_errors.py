"""What is no HTTP request gets its error in JSON from gunicorn's threaded worker, too, in place of a page in HTML."""

import socket
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from gunicorn.http.errors import ParseException

from serveoff.services.flaskrest.worker import STATUS
from serveoff.services.predict_v1 import quoted


def answer_in_json(worker: Any) -> None:
    """Have a worker of gunicorn's answer so."""
    worker.handle_error = partial(_answer, worker.handle_error)


def _answer(otherwise: Any, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
    if not isinstance(exc, ParseException):
        otherwise(req, client, addr, exc)
        return
    status = STATUS.get(type(exc), "400 Bad Request")
    body = orjson.dumps({"error": quoted(str(exc)) or status})
    head = (
        f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    with suppress(OSError):
        client.sendall(head.encode() + b"\r\n" + body)
