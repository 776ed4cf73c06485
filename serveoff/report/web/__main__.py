"""`python -m serveoff.report.web`: serve the report page until SIGTERM, where the environment says."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

EXIT_UNUSABLE = 2
"""A setting cannot be used, or the address is taken."""


class PageSettingsError(ValueError):
    """A setting cannot be used; the message names the variable, its value and what is allowed."""


@dataclass(frozen=True)
class PageSettings:
    """The address to listen on; port 0 is any free one. The folder is `serveoff.record.suite.results_root`'s."""

    host: str = "127.0.0.1"
    port: int = 8090

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> PageSettings:
        """Read REPORT_HOST and REPORT_PORT; PageSettingsError where one cannot be used."""
        host, port = environ.get("REPORT_HOST") or cls.host, environ.get("REPORT_PORT") or str(cls.port)
        # int() takes signs, spaces, underscores and the digits of other scripts as well.
        if not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise PageSettingsError(f"REPORT_PORT is {port!r}: use a whole number from 0 to 65535")
        return cls(host, int(port))


def main() -> int:
    """The exit code: 0 after SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # As the first process of a container it would not be stopped by a signal that it does not handle.
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        settings = PageSettings.from_env(os.environ)
        listener = listen(settings)
    except PageSettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname).1s %(message)s")
    # A page's files arrive together: that some wait a millisecond for a thread is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # Imported here: a wrong setting should not wait for pyarrow and SciPy.
    from serveoff.report.web.server import serve

    serve(listener)
    return 0


def listen(settings: PageSettings) -> socket.socket:
    """A listening socket; PageSettingsError where the address is taken, not ours, or not to be resolved."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        cause = said.partition(" (while")[0]  # Python says the address again
        where = f"{settings.host}:{settings.port}"
        raise PageSettingsError(
            f"cannot listen on {where}: {cause}; set REPORT_HOST and REPORT_PORT to a free address"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
