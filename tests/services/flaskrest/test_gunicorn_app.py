"""A service that was frozen, as a comparison freezes idle servers, goes on with the workers it had."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.services.flaskrest.serving import Server, environment, free_port, wait_ready

SILENT_S = 3
IMPATIENT_S = 1e9
START = (
    "import sys; from services.flaskrest import gunicorn_app; "
    "gunicorn_app.WORKER_SILENT_S = {silent}; gunicorn_app.FROZEN_S = {frozen}; "
    "from services.flaskrest.__main__ import main; sys.exit(main())"
)


def workers(server: Server) -> list[int]:
    return [child.pid for child in psutil.Process(server.process.pid).children()]


@pytest.mark.slow
@pytest.mark.parametrize(("frozen_s", "keeps_worker"), [(2.0, True), (IMPATIENT_S, False)])
def test_a_worker_outlives_a_freeze_longer_than_the_time_it_may_be_silent(tmp_path, frozen_s, keeps_worker):
    port, log = free_port(), tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", START.format(silent=SILENT_S, frozen=frozen_s)],
            env=environment(Path("/nowhere"), "null", tmp_path, port),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(port, process, log, tmp_path)
    try:
        wait_ready(server)
        before = workers(server)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(SILENT_S + 2)
        # The master first: the worker cannot give a sign of life before the master looks for one.
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.4)
        os.killpg(process.pid, signal.SIGCONT)
        time.sleep(2)
        assert wait_ready(server).status == 200
        assert (workers(server) == before) == keeps_worker
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
