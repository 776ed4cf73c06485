"""Every error leaves here: a page for people, `{"error": ...}` for whoever asked for JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from serveoff.report.web.analyses import NotAnalysed
from serveoff.report.web.runs import NoSuchRun, Unreadable

UNREADABLE = 422

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Handle what the views raise."""
    app.register_error_handler(NoSuchRun, no_such_run)
    app.register_error_handler(Unreadable, unreadable)
    app.register_error_handler(NotAnalysed, not_analysed)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, defect)


def no_such_run(error: NoSuchRun) -> Response:
    """The name is not one of a run, whatever else it may be: nothing is said of what lies outside."""
    return _answer(404, "No such run", "There is no run of this name in the results folder.")


def unreadable(error: Unreadable) -> Response:
    """The run is there, but damaged, locked or too large."""
    return _answer(UNREADABLE, "This run cannot be read", f"unreadable: {error}")


def not_analysed(error: NotAnalysed) -> Response:
    """The run is there, and has no report yet: it goes on, or is of a serveoff that stored no analysis."""
    return _answer(UNREADABLE, "This run is not analysed yet", str(error))


def http_error(error: HTTPException) -> Response:
    """What Flask and the views abort with; a 405 keeps the methods that are allowed."""
    kept = ((k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length"))
    return _answer(error.code or 500, error.name, error.description or error.name, kept)


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
