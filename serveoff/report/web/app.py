"""The Flask application of the report page, and waitress around it."""

import logging
import socket
from pathlib import Path
from typing import Final

import waitress.server
from flask import Flask, Response, jsonify, send_file
from jinja2 import ChoiceLoader, PackageLoader, StrictUndefined
from werkzeug.exceptions import NotFound

from serveoff import report
from serveoff.record.suite import results_root
from serveoff.report.charts import at_both_widths
from serveoff.report.formats.html import prose
from serveoff.report.web import across_views, compare, errors, overview, reports
from serveoff.report.web.connections import MOST, Channel, shed
from serveoff.report.web.headers import protect
from serveoff.report.web.runs import EXTENSION

THREADS = 4
MOST_REQUEST_BYTES = 2**16
"""Of a head, and of a body: no page takes one."""
DRAIN_S = 0.5
_OURS: Final = Path(__file__).parent / "static"
_REPORT: Final = Path(report.__file__).parent / "templates"
FILES: Final = {
    "page.css": _OURS,
    "report.css": _REPORT,
    "sort.js": _REPORT,
    "filter.js": _REPORT,
    "tips.js": _REPORT,
}
"""Every file that a page may ask for, and where it lies: the report's own style and script are used as they are."""


log = logging.getLogger(__name__)


def create_app(results: Path | None = None) -> Flask:
    """The application over one results folder: the one given, or `$SERVEOFF_RESULTS`. It need not exist yet."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions[EXTENSION] = results or results_root()
    _prepare_templates(app)
    for view in (overview, reports, compare, across_views):
        app.register_blueprint(view.blueprint)
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/static/<name>", view_func=static)
    errors.register(app)
    app.after_request(protect)
    return app


def serve(listener: socket.socket) -> None:
    """Answer by a few threads until a signal's handler raises SystemExit; a page still being made is dropped."""
    host, port = listener.getsockname()[:2]
    server = waitress.server.create_server(
        create_app(),
        sockets=[listener],
        threads=THREADS,
        ident=None,
        connection_limit=MOST,
        max_request_header_size=MOST_REQUEST_BYTES,
        max_request_body_size=MOST_REQUEST_BYTES,
        clear_untrusted_proxy_headers=True,
    )
    server.channel_class = Channel
    shown = f"[{host}]" if ":" in host else host
    log.info("report page: http://%s:%d/ shows the runs in %s", shown, port, results_root().resolve())
    try:
        while True:
            server.asyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)
            shed(server.active_channels.values())
    except SystemExit:
        server.task_dispatcher.shutdown(timeout=DRAIN_S)


def healthz() -> Response:
    """The service is alive; an empty or missing results folder is no illness."""
    return jsonify(status="alive")


def static(name: str) -> Response:
    """A style or script, by its name alone."""
    if name not in FILES:
        raise NotFound
    return send_file(FILES[name] / name)


def _prepare_templates(app: Flask) -> None:
    """Our templates, then the report's, for its macros; all are autoescaped, whatever their suffix."""
    app.jinja_env.loader = ChoiceLoader([PackageLoader("serveoff.report.web"), PackageLoader("serveoff.report")])
    app.jinja_env.autoescape = True
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"prose": prose, "drawn": at_both_widths}
