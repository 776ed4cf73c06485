"""A server's log tells when each phase of its start ended."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.flaskrest.serving import serve

LINE = re.compile(r"^serveoff-phase (\w+) (\d+\.\d{3})$", re.MULTILINE)


def phases(log: str) -> dict[str, float]:
    return {name: float(seconds) for name, seconds in LINE.findall(log)}


AGED = "import os, time; now = time.clock_gettime; time.clock_gettime = lambda clock: now(clock) + 1000\n"
"""By its clock, the process started so many seconds ago."""


def test_seconds_count_from_the_start_of_the_process_and_of_a_forks_parent() -> None:
    code = AGED + (
        "from serveoff.services.phases import announce\n"
        "announce('here')\nif os.fork() == 0: announce('fork'); os._exit(0)\nos.wait()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = phases(done.stderr)
    assert 1000 <= found["here"] <= found["fork"]


def test_a_worker_that_is_a_program_of_its_own_counts_from_the_start_of_the_server() -> None:
    worker = "from serveoff.services.phases import announce, announce_worker; announce_worker(); announce('there')"
    code = AGED + (
        "import subprocess, sys; from serveoff.services.phases import announce_worker, start_of_server\n"
        "announce_worker()\n"
        f"subprocess.run([sys.executable, '-c', {worker!r}], env={{**os.environ, **start_of_server()}}, check=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = phases(done.stderr)
    assert list(found) == ["worker", "there"], "the server's first process is no worker"
    assert 1000 <= found["worker"] <= found["there"]


@pytest.mark.slow
@pytest.mark.parametrize("warmup", [1, 0])
def test_the_flask_service_announces_its_phases_in_order(model_dir: Path, tmp_path: Path, warmup: int) -> None:
    with serve(model_dir, "torchscript", tmp_path, warmup=warmup) as server:
        found = phases(server.log.read_text())
    expected = ["imported", "loaded", *(["warmed"] if warmup else []), "listening"]
    assert list(found) == expected
    assert list(found.values()) == sorted(found.values())
