"""`python -m serveoff.services.flaskrest`: the tuned Flask service, until SIGTERM."""

from __future__ import annotations

import sys

from serveoff.services.flaskrest.gunicorn_app import launch

if __name__ == "__main__":
    sys.exit(launch())
