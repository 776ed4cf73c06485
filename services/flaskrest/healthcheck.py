"""`python -m serveoff.services.flaskrest.healthcheck`: exit code 0 if the server in this container is ready."""

import os
import sys

from serveoff.services.probes import page
from serveoff.services.settings import Settings

TIMEOUT_S = 3.0


def main() -> int:
    """Ask /readyz on the port that the settings name."""
    address = f"127.0.0.1:{Settings.from_env(os.environ).rest_port}"
    if page(address, "/readyz", TIMEOUT_S) is not None:
        return 0
    print(f"not ready at {address}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
