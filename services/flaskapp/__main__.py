"""`python -m serveoff.services.flaskapp`: Flask as people deploy it, until SIGTERM."""

import sys

from serveoff.services.flaskapp.server import ThreadedServer
from serveoff.services.flaskrest.gunicorn_app import launch

if __name__ == "__main__":
    sys.exit(launch(ThreadedServer))
