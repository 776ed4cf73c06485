"""Starts `python -m serveoff.models.formats` for one job on one artifact, and reads what comes of it."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from serveoff.models.isolation import isolated
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import REPOSITORY

LOG_LINES = 8


class Workers:
    """Worker processes, each in a process group of its own; on leaving, those that still run are killed."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the workers that still run, and start no more."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()

    def run(self, job: str, format: str, model: str, model_dir: Path) -> dict[str, Any]:
        """Run a job to its end and return its result; ArtifactError with the last log lines where it fails."""
        command = isolated("serveoff.models.formats", job, format, model, str(model_dir))
        with tempfile.TemporaryFile("w+") as log:
            with self._start(command, log) as process:
                assert process.stdout is not None
                output = process.stdout.read()
            self._running.discard(process)
            if process.returncode != 0:
                log.seek(0)
                lines = [line.rstrip() for line in log if line.strip()][-LOG_LINES:]
                raise ArtifactError(
                    f"{job} of the {format} artifact of {model} failed (exit code {process.returncode}): "
                    + ("\n  ".join(lines) or "it left no message")
                )
        result: dict[str, Any] = json.loads(output.splitlines()[-1])
        return result

    def _start(self, command: list[str], log: Any) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise ArtifactError("stopped before it began")
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # held open, never written: see serveoff.models.formats.__main__
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=REPOSITORY,
                start_new_session=True,
            )
            self._running.add(process)
            return process
