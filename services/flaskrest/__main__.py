"""`python -m serveoff.services.flaskrest`: the tuned Flask service, until SIGTERM."""

import sys

from serveoff.services.flaskrest.gunicorn_app import launch

if __name__ == "__main__":
    sys.exit(launch())
