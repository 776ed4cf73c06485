"""A service that was frozen, as a comparison freezes idle servers, is not taken for hung when it wakes up."""

import logging
import os
import signal
import sys
import time

import pytest
from gunicorn.arbiter import Arbiter

from serveoff.services.flaskrest import gunicorn_app
from serveoff.services.flaskrest.gunicorn_app import PATIENCE_S, PatientArbiter, tells_of_the_server
from tests.services.flaskrest.serving import serve


@pytest.fixture
def turns(monkeypatch):
    """Let the master look for hung workers at given instants; returns at which of them it would have killed."""

    def run(*instants_s: float) -> list[float]:
        now = [0.0]
        looked: list[float] = []
        monkeypatch.setattr(gunicorn_app, "monotonic", lambda: now[0])
        monkeypatch.setattr(Arbiter, "murder_workers", lambda arbiter: looked.append(now[0]))
        arbiter = PatientArbiter.__new__(PatientArbiter)
        for instant_s in instants_s:
            now[0] = instant_s
            arbiter.murder_workers()
        return looked

    return run


def test_hung_workers_are_looked_for_in_every_ordinary_turn(turns):
    assert turns(1000, 1000 + PATIENCE_S) == []
    ordinary = [1000 + second for second in range(int(PATIENCE_S) + 4)]
    assert turns(*ordinary) == ordinary[int(PATIENCE_S) :]


def test_after_a_freeze_no_turn_kills_until_workers_had_their_time_however_soon_turns_follow(turns):
    awake = [1000 + second for second in range(int(PATIENCE_S) + 1)]
    thawed = awake[-1] + 200
    later = [thawed + second for second in range(1, int(PATIENCE_S) + 1)]
    assert turns(*awake, thawed, thawed + 0.01, thawed + 0.02, *later) == [awake[-1], later[-1]]


PATIENT_ABOUT_SHORT_SILENCE = """
import sys
from serveoff.services.flaskrest import gunicorn_app
from serveoff.services.flaskrest.gunicorn_app import launch
gunicorn_app.WORKER_SILENT_S = 4
sys.exit(launch())
"""
FROZEN_FOR_S = 6.0


def test_a_service_frozen_for_longer_than_its_worker_may_be_silent_is_answered_by_the_same_worker(tmp_path):
    command = [sys.executable, "-c", PATIENT_ABOUT_SHORT_SILENCE]
    with serve(tmp_path, "null", tmp_path, command=command) as server:
        (worker,) = server.tree()[1:]
        for _ in range(3):
            os.killpg(server.process.pid, signal.SIGSTOP)
            time.sleep(FROZEN_FOR_S)  # what is tested is that time passes
            os.killpg(server.process.pid, signal.SIGCONT)
            for _ in range(20):
                assert server.ask("GET", "/readyz").status == 200
            assert server.tree()[1:] == [worker]
        assert "WORKER TIMEOUT" not in server.log.read_text()


@pytest.mark.parametrize(("error", "told"), [(BlockingIOError(), False), (TimeoutError(), False), (OSError(), True)])
def test_a_client_that_was_waited_for_in_vain_leaves_no_traceback(error: OSError, told: bool) -> None:
    try:
        raise error
    except OSError:
        record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "Socket error", (), sys.exc_info())
    assert tells_of_the_server(record) is told
