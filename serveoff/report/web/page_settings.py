"""What the environment says: where to listen, and which folder to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
