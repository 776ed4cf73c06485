"""Serve one artifact by gunicorn, as the SERVING_* environment says, until SIGTERM."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from serveoff.models.manifest import ArtifactError
from serveoff.services.flaskrest.gunicorn_app import EXIT_UNUSABLE, Server
from serveoff.services.flaskrest.readiness import Readiness
from serveoff.services.runtimes import check
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.stopping import exit_on_sigterm

MULTIPROC_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client looks at it once, when it is imported: in each worker, after the fork."""


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
