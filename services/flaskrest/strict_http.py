"""What RFC 9112 has a server refuse and gunicorn's threaded worker leaves to the application."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from gunicorn.http.errors import NoMoreData, ParseException

from serveoff.services.flaskrest.exchange import BAD_REQUEST, MissingHostError, error_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class StrictHttp:
    """WSGI middleware: reads a chunked body before the application begins, so that a bad one has one answer.

    The application gets it with its length. One over the limit comes without a byte and with a length over the limit,
    for the application to refuse. A request of HTTP/1.1 without a Host is refused.
    """

    def __init__(self, application: WSGIApplication, body_limit: int) -> None:
        self._application = application
        self._body_limit = body_limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or answer 400."""
        try:
            if environ["SERVER_PROTOCOL"] != "HTTP/1.0" and "HTTP_HOST" not in environ:
                raise MissingHostError
            if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
                body = environ["wsgi.input"].read(self._body_limit + 1)
                environ["CONTENT_LENGTH"] = str(len(body))
                environ["wsgi.input"] = BytesIO(body if len(body) <= self._body_limit else b"")
        except (ParseException, NoMoreData) as error:
            body = error_body(error)
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response(BAD_REQUEST, headers)
            return [body]
        return self._application(environ, start_response)
