"""Every error leaves here: a page for people, `{"error": ...}` for whoever asked for JSON."""

import logging
from collections.abc import Iterable

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from serveoff.record.reading import SENSELESS
from serveoff.report.web.analyses import NotAnalysed
from serveoff.report.web.runs import NoSuchRun, Unreadable

UNREADABLE = 422

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Handle what the views raise."""
    # Nothing is said of what lies outside the results folder, whatever the name names there.
    absent = "There is no run of this name in the results folder."
    app.register_error_handler(NoSuchRun, lambda _: _answer(404, "No such run", absent))
    app.register_error_handler(Unreadable, unreadable)
    app.register_error_handler(
        NotAnalysed, lambda error: _answer(UNREADABLE, "This run is not analysed yet", str(error))
    )
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, defect)


def http_error(error: HTTPException) -> Response:
    """What Flask and the views abort with; a 405 keeps the methods that are allowed."""
    kept = ((k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length"))
    return _answer(error.code or 500, error.name, error.description or error.name, kept)


def unreadable(error: Unreadable) -> Response:
    """Damaged contents; or a mistake of ours, which raises the same: then the log has the traceback."""
    if isinstance(error.__cause__, SENSELESS):
        log.warning("damaged, or a defect: %s %s", request.method, ascii(request.path), exc_info=error.__cause__)
    return _answer(UNREADABLE, "This run cannot be read", f"unreadable: {error}")


def defect(error: Exception) -> Response:
    """A mistake of ours: the log has the traceback, the visitor has an apology."""
    log.error("cannot answer %s %s", request.method, ascii(request.path), exc_info=error)
    return _answer(500, "An error of the report page", "The page failed on this request. Its log says why.")


def _answer(status: int, title: str, said: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    if request.path.endswith(".json"):
        response = jsonify(error=said)
    else:
        response = Response(render_template("error.html.j2", status=status, title=title, said=said))
    response.status_code = status
    response.headers.extend(headers)
    return response
