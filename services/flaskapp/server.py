"""gunicorn's own threaded worker around the plain application.

https://flask.palletsprojects.com/en/stable/deploying/gunicorn/ and
https://docs.gunicorn.org/en/stable/design.html for what its workers are.
"""

import sys

from serveoff.services.flaskrest.gunicorn_app import Server
from serveoff.services.flaskrest.readiness import Readiness
from serveoff.services.runtimes import Runtime
from serveoff.services.settings import Settings


class ThreadedServer(Server):
    """One model behind gunicorn's gthread workers."""

    worker_class = "gthread"

    @staticmethod
    def check(settings: Settings) -> None:
        """Nothing is refused; a setting that it does not have is said."""
        if settings.batch_size > 1:
            print(f"SERVING_BATCH_SIZE is {settings.batch_size}: this server does not batch", file=sys.stderr)

    def application(self, settings: Settings, runtime: Runtime, load_s: float, readiness: Readiness) -> object:
        """The WSGI application of a worker."""
        from serveoff.services.flaskapp.app import create_app

        return create_app(settings, runtime, readiness)
