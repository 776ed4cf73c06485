"""`python -m serveoff.services.flaskrest.healthcheck`: exit code 0 if the server in this container is ready."""

from __future__ import annotations

import http.client
import os
import sys

from serveoff.services.settings import Settings

TIMEOUT_S = 3.0


def main() -> int:
    """Ask /readyz on the port that the settings name."""
    port = Settings.from_env(os.environ).rest_port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return 0 if connection.getresponse().status == http.client.OK else 1
    except OSError as error:
        print(f"no answer on port {port}: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
