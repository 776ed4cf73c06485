from __future__ import annotations

import io
import json
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize

from serveoff.services.flaskrest.strict_http import StrictHttp


class BadChunks(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise InvalidChunkSize(b"y" * 9999)


def ask(body: io.BytesIO, **environ: str) -> tuple[str, dict[str, Any] | None, bytes]:
    """The status, the environment that the application saw, and the answer's body."""
    seen: list[dict[str, Any]] = []
    statuses: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    strict = StrictHttp(application, 4)
    given = {"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "a", "wsgi.input": body} | environ
    parts = strict({k: v for k, v in given.items() if v}, lambda status, headers: statuses.append(status))
    return statuses[0], seen[0] if seen else None, b"".join(parts)


def test_a_chunked_body_comes_with_its_length() -> None:
    status, environ, body = ask(io.BytesIO(b"abcd"), HTTP_TRANSFER_ENCODING="chunked")
    assert (status, environ and environ["CONTENT_LENGTH"], body) == ("200 OK", "4", b"abcd")


def test_one_over_the_limit_comes_without_a_byte_and_is_the_applications_to_refuse() -> None:
    _, environ, body = ask(io.BytesIO(b"abcdef"), HTTP_TRANSFER_ENCODING="chunked")
    assert (environ and environ["CONTENT_LENGTH"], body) == ("5", b"")


@pytest.mark.parametrize(
    ("body", "environ"), [(BadChunks(), {"HTTP_TRANSFER_ENCODING": "chunked"}), (io.BytesIO(), {"HTTP_HOST": ""})]
)
def test_a_refusal_is_the_one_answer(body: io.BytesIO, environ: dict[str, str]) -> None:
    status, seen, answer = ask(body, **environ)
    assert (status, seen) == ("400 Bad Request", None)
    assert set(json.loads(answer)) == {"error"}
    assert len(answer) < 300


def test_http_1_0_needs_no_host() -> None:
    assert ask(io.BytesIO(), HTTP_HOST="", SERVER_PROTOCOL="HTTP/1.0")[0] == "200 OK"
