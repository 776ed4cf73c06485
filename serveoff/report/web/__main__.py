"""`python -m serveoff.report.web`: serve the report page until SIGTERM, where the environment says."""

import logging
import os
import signal
import socket
import sys

from serveoff.interrupts import heard

HOST, PORT = "127.0.0.1", "8090"
EXIT_UNUSABLE = 2
"""A setting cannot be used, or the address is taken."""


def main() -> int:
    """The exit code: 0 after a signal that ends it."""
    for number in heard():
        # As the first process of a container it would not be stopped by a signal that it does not handle.
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        listener = listen(os.environ.get("REPORT_HOST") or HOST, os.environ.get("REPORT_PORT") or PORT)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname).1s %(message)s")
    # A page's files arrive together: that some wait a millisecond for a thread is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # Imported here: a wrong setting should not wait for pyarrow and SciPy.
    from serveoff.report.web.app import serve

    serve(listener)
    return 0


def listen(host: str, port: str) -> socket.socket:
    """A listening socket, of port 0 on any free one; ValueError says why an address cannot be used."""
    # int() takes signs, spaces, underscores and the digits of other scripts as well.
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"REPORT_PORT is {port!r}: use a whole number from 0 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        cause = said.partition(" (while")[0]  # Python says the address again
        advice = "set REPORT_HOST and REPORT_PORT to a free address"
        raise ValueError(f"cannot listen on {host}:{port}: {cause}; {advice}") from None


if __name__ == "__main__":
    sys.exit(main())
