"""Ask an attached endpoint one thing after another, without a load generator, and say why where it does not answer."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import Final

import grpc

from serveoff.loadtests.attached import tls
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.paths import sendable
from serveoff.loadtests.attached.requests import headers_of, metadata_of
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.protocols.channel import CHANNEL
from serveoff.loadtests.recording.statuses import GRPC_STATUS, OK, hint, in_words, without_answer
from serveoff.services.bounded_http import NEVER, Connection

SAID: Final = 400
"""Characters of what an error says that are kept."""
ADVICE: Final = {
    HTTPStatus.UNAUTHORIZED: "send the token that it asks for: headers, docs/attach.md",
    HTTPStatus.FORBIDDEN: "send a token that may ask this model: headers, docs/attach.md",
    HTTPStatus.NOT_FOUND: "check the model's name in the URL, and the dialect",
    HTTPStatus.METHOD_NOT_ALLOWED: "check the URL's path, and the dialect",
    HTTPStatus.BAD_REQUEST: "check the samples' names, shapes and dtypes against what the model takes",
    HTTPStatus.UNPROCESSABLE_ENTITY: "check the samples' names, shapes and dtypes against what the model takes",
    HTTPStatus.TOO_MANY_REQUESTS: "ask it less often: --max-rate",
    grpc.StatusCode.UNAUTHENTICATED: "send the token that it asks for: headers, docs/attach.md",
    grpc.StatusCode.PERMISSION_DENIED: "send a token that may ask this model: headers, docs/attach.md",
    grpc.StatusCode.NOT_FOUND: "check the model's name in the URL",
    grpc.StatusCode.UNIMPLEMENTED: "it does not speak this dialect: name another",
    grpc.StatusCode.INVALID_ARGUMENT: "check the samples' names, shapes and dtypes against what the model takes",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "ask it less often: --max-rate",
}
REDIRECT: Final = "redirects are not followed: give the address that it points to"

GONE: Final = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""What comes of a connection that the server has closed."""

Ask = Callable[[bytes], bytes]
"""One request body to one answer body; AskFailed where there is none."""


class AskFailed(Exception):
    """Why an endpoint gave no answer, and what to do; `status` is as in raw rows, 0 where none came."""

    def __init__(self, text: str, advice: str = "", status: int = 0) -> None:
        super().__init__(text)
        self.text, self.advice, self.status = text, advice, status


def asking(target: Target, exchange: Exchange, timeout_s: float) -> AbstractContextManager[Ask]:
    """A connection that sends bodies, no faster than the exchange's pace. AskFailed where there is none to be had."""
    return {"rest": _rest, "grpc": _grpc}[target.protocol](target, exchange, timeout_s)


class _Pace:
    """When the next request may be sent; somebody may have sent one just before."""

    def __init__(self, pace_s: float) -> None:
        self._pace_s, self._free_at = pace_s, time.monotonic() + pace_s

    def wait(self) -> None:
        time.sleep(max(0.0, self._free_at - time.monotonic()))
        self._free_at = time.monotonic() + self._pace_s


@contextmanager
def _rest(target: Target, exchange: Exchange, timeout_s: float) -> Iterator[Ask]:
    pace, path, headers = _Pace(exchange.pace_s), sendable(target.path), headers_of(target, exchange)
    with _explained(target, timeout_s):
        connection = _connection(target, exchange, timeout_s)

    def answered(body: bytes) -> tuple[int, bytes]:
        pace.wait()
        return connection.ask("POST", path, body, headers)

    def ask(body: bytes) -> bytes:
        kept = connection.last is not NEVER
        with _explained(target, timeout_s):
            try:
                status, data = answered(body)
            except GONE:
                if not kept:
                    raise
                connection.close()  # the server has, too, since the last answer
                status, data = answered(body)
        if status != OK:
            said = exchange.without_secrets(data.decode(errors="replace"))
            raise _refused(status, said, _field(connection, "location"), _field(connection, "retry-after"))
        return data

    try:
        with _explained(target, timeout_s):
            connection.connect()
        yield ask
    finally:
        connection.close()


@contextmanager
def _grpc(target: Target, exchange: Exchange, timeout_s: float) -> Iterator[Ask]:
    with _explained(target, timeout_s):  # in words that gRPC does not have for it
        tls.try_to_connect(target, exchange, timeout_s)
        metadata = metadata_of(exchange)
    pace = _Pace(exchange.pace_s)
    with tls.channel(target, exchange, CHANNEL) as channel:
        call = channel.unary_unary(dialect(exchange.dialect).method)

        def ask(body: bytes) -> bytes:
            pace.wait()
            try:
                answer: bytes = call(body, timeout=timeout_s, metadata=metadata)
            except grpc.RpcError as error:
                said = exchange.without_secrets(error.details() or "")
                code: grpc.StatusCode = error.code()
                text = f"gRPC {code.name}: {said[:SAID]}"
                raise AskFailed(text, ADVICE.get(code, ""), GRPC_STATUS + code.value[0]) from None
            return answer

        yield ask


def _connection(target: Target, exchange: Exchange, timeout_s: float) -> Connection:
    if exchange.tls:
        return tls.SecureConnection(target.address, timeout_s, tls.context(exchange), tls.name_of(target, exchange))
    return Connection(target.address, timeout_s)


def _field(connection: Connection, name: str) -> str:
    return next((value for field, value in connection.last.items() if field.lower() == name), "")


def _refused(status: int, said: str, location: str, retry_after: str) -> AskFailed:
    told = f"{in_words(status)}{_phrase(status)}"
    text = "; ".join(filter(None, (told, hint(status, location, retry_after), " ".join(said[:SAID].split()))))
    return AskFailed(text, REDIRECT if 300 <= status < 400 else ADVICE.get(status, ""), status)


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


@contextmanager
def _explained(target: Target, timeout_s: float) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException) as error:
        text, advice = _why(error, target, timeout_s)
        raise AskFailed(text, advice, without_answer(error)) from None


def _why(error: Exception, target: Target, timeout_s: float) -> tuple[str, str]:
    """What went wrong, and what to do."""
    match error:
        case socket.gaierror():
            return f"no host is called {target.host}", "check the URL's host"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}", tls.advice(error.verify_code)
        case ssl.SSLError():
            return f"no TLS connection to {target.address}: {error.reason}", "if it has no TLS, give its URL without"
        case ValueError():
            return str(error), ""
        case ConnectionRefusedError():
            return f"nothing listens at {target.address}", "start it, or check the URL's port"
        case TimeoutError():
            return f"no answer from {target.address} within {timeout_s:g} s", "check that it answers there"
        case ConnectionError() | http.client.HTTPException():
            text = f"{target.address} closed the connection without an answer ({type(error).__name__})"
            return text, "if it speaks TLS, give its URL as https:// or grpcs://"
        case _:
            return f"no connection to {target.address}: {error}", "check the URL"
