"""waitress around the application: a few threads of one process."""

from __future__ import annotations

import logging
import socket

import waitress.server

from serveoff.record.suite import results_root
from serveoff.report.web.app import create_app

THREADS = 4
DRAIN_S = 0.5

log = logging.getLogger(__name__)


def serve(listener: socket.socket) -> None:
    """Answer until a signal's handler raises SystemExit; a page that is still being made is dropped."""
    host, port = listener.getsockname()[:2]
    server = waitress.server.create_server(
        create_app(),
        sockets=[listener],
        threads=THREADS,
        ident=None,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=True,
    )
    log.info(
        "report page: http://%s:%d/ shows the runs in %s",
        f"[{host}]" if ":" in host else host,
        port,
        results_root().resolve(),
    )
    try:
        server.asyncore.loop(timeout=1, map=server._map, use_poll=True)
    except SystemExit:
        server.task_dispatcher.shutdown(timeout=DRAIN_S)
