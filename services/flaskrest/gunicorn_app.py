"""gunicorn, configured from our settings instead of a command line, serves one artifact until SIGTERM."""

import logging
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from serveoff.models.manifest import ArtifactError
from serveoff.services.descriptors import most_connections
from serveoff.services.flaskrest.readiness import Readiness
from serveoff.services.phases import announce
from serveoff.services.runtimes import Runtime, check
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.stopping import exit_on_sigterm

MULTIPROC_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client looks at it once, when it is imported: in each worker, after the fork."""
EXIT_UNUSABLE = 3
"""A setting or an artifact is not usable. gunicorn's own code for a worker that cannot start, too."""
WORKER_SILENT_S = 120
"""A worker that says nothing for so long is killed; loading a framework on a busy machine takes its time."""
STOP_S = 6
KEEP_ALIVE_S = 75
THREADED = "gthread"
"""gunicorn's own worker with threads, by its name there."""
CONNECTIONS = 1000
"""Of one worker, at most: gunicorn's default."""
SILENT_S = 5
"""So long, at most, the kernel keeps a new connection on which nothing has come."""
FROZEN_S = 3.0
"""A turn of the master's loop that is so late, where one takes a second at most, was preceded by a freeze."""
PATIENCE_S = 15.0
"""After that, workers have so long to give a sign of life."""


class Server(BaseApplication):  # type: ignore[misc]
    """One model behind gunicorn."""

    worker_class = "serveoff.services.flaskrest.worker.KeepAliveWorker"
    """Of one thread; several threads need gunicorn's threaded worker, THREADED."""

    def __init__(self, settings: Settings, readiness: Readiness) -> None:
        self._settings = settings
        self._readiness = readiness
        super().__init__()

    @staticmethod
    def check(settings: Settings) -> None:
        """SettingsError where requests cannot be put together: only the worker with one thread sees them all."""
        if settings.batch_size > 1 and settings.threads_per_worker > 1:
            raise SettingsError(
                f"SERVING_BATCH_SIZE is {settings.batch_size} and SERVING_THREADS_PER_WORKER "
                f"{settings.threads_per_worker}: batches are made by a worker of one thread; set one of them to 1"
            )

    @property
    def body_limit(self) -> int:
        """Of a request's body, in bytes."""
        return self._settings.max_body_bytes

    def load_config(self) -> None:
        """Set what gunicorn would take from its command line."""
        settings = self._settings
        threaded = settings.threads_per_worker > 1
        options: dict[str, Any] = {
            "bind": f"{settings.host}:{settings.rest_port}",
            "workers": settings.workers,
            "threads": max(1, settings.threads_per_worker),
            "worker_class": THREADED if threaded else self.worker_class,
            "timeout": WORKER_SILENT_S,
            "graceful_timeout": STOP_S,
            "keepalive": KEEP_ALIVE_S,
            "worker_connections": most_connections(CONNECTIONS),
            "control_socket_disable": True,
            "worker_tmp_dir": str(self._readiness.folder),
            "child_exit": self._worker_ended,
            "post_worker_init": _begin,
            "pre_request": _speak_a_known_version,
            "when_ready": _accept_who_asks,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """In each worker, after the fork: frameworks do not survive one."""
        from serveoff.services.runtimes import load_runtime

        start = perf_counter()
        try:
            runtime = load_runtime(self._settings)
        except (ArtifactError, SettingsError) as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            sys.exit(EXIT_UNUSABLE)
        app = self.application(self._settings, runtime, perf_counter() - start, self._readiness)
        self._readiness.announce()
        return app

    def application(self, settings: Settings, runtime: Runtime, load_s: float, readiness: Readiness) -> object:
        """The WSGI application of a worker."""
        from serveoff.services.flaskrest.app import create_app

        return create_app(settings, runtime, load_s, readiness)

    def run(self) -> None:
        """Serve until SIGTERM."""
        PatientArbiter(self).run()

    def _worker_ended(self, arbiter: Any, worker: Any) -> None:
        from serveoff.services.flaskrest.metrics import forget_worker

        self._readiness.withdraw(worker.pid)
        forget_worker(worker.pid)


class PatientArbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's master, which does not take workers for hung after all of them were frozen together.

    A comparison stops idle servers by SIGSTOP (or `docker pause`) for minutes. Woken up, the master would find
    every worker's last sign of life too old, and kill it before it could give another.
    """

    _last_turn_s = _patient_until_s = float("-inf")

    def murder_workers(self) -> None:
        """Called in every turn of the master's loop, about once a second; one that comes late was preceded by a freeze.

        More turns may follow at once: each worker's own SIGCONT raises a SIGCHLD.
        """
        now = monotonic()
        if now - self._last_turn_s >= FROZEN_S:
            self._patient_until_s = now + PATIENCE_S
        self._last_turn_s = now
        if now >= self._patient_until_s:
            super().murder_workers()


def _begin(worker: Any) -> None:
    from serveoff.services.flaskrest.json_errors import answer_in_json

    answer_in_json(worker)
    if worker.cfg.worker_class_str == THREADED:
        from serveoff.services.flaskrest.threads import spare_threads

        spare_threads(worker, worker.app.body_limit)
    logging.getLogger("gunicorn.error").addFilter(tells_of_the_server)
    announce("listening")


def tells_of_the_server(record: logging.LogRecord) -> bool:
    """Not of a client that was waited for in vain, of which gunicorn's threaded worker logs a traceback each time."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError | TimeoutError))


def _speak_a_known_version(worker: Any, request: Any) -> None:
    """Gunicorn's threaded worker would answer in whatever version the client claims (RFC 9110, section 2.5)."""
    request.version = min(request.version, (1, 1))


def _accept_who_asks(arbiter: Any) -> None:
    """A client that is silent from the beginning is not handed over to a worker with threads at all."""
    if arbiter.cfg.worker_class_str == THREADED:
        for listener in arbiter.LISTENERS:
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENT_S)


def launch(kind: type[Server] = Server) -> int:
    """The exit code: 3 for a setting or an artifact that is not usable."""
    exit_on_sigterm()
    try:
        settings = Settings.from_env(os.environ)
        check(settings)
        kind.check(settings)
    except (SettingsError, ArtifactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    private = Path(tempfile.mkdtemp(prefix="flaskrest-", dir=settings.work_dir))
    master = os.getpid()
    try:
        if settings.workers > 1:
            os.environ[MULTIPROC_VARIABLE] = str(private)
        kind(settings, Readiness(private, settings.workers)).run()
    finally:
        if os.getpid() == master:  # workers are forks and leave by this way too
            shutil.rmtree(private, ignore_errors=True)
    return 0
