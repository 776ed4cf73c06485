"""A service that was frozen, as a comparison freezes idle servers, is not taken for hung when it wakes up."""

import pytest
from gunicorn.arbiter import Arbiter

from serveoff.services.flaskrest import gunicorn_app
from serveoff.services.flaskrest.gunicorn_app import FROZEN_S, PatientArbiter


@pytest.fixture
def rounds(monkeypatch):
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


def test_hung_workers_are_looked_for_in_every_ordinary_round(rounds):
    assert rounds(1000, 1001, 1002.5, 1003) == [1001, 1002.5, 1003]


def test_the_round_after_a_freeze_is_skipped_and_the_next_is_not(rounds):
    thawed = 1001 + FROZEN_S + 60
    assert rounds(1000, 1001, thawed, thawed + 1) == [1001, thawed + 1]
