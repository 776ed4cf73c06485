"""Runs with a few endpoints, and the ruling on one claim of each."""

import pytest

from serveoff.analyse.analysis import compare
from tests.serveoff.synthetic import Faults, Scenario, write_run


@pytest.fixture
def run(tmp_path):
    """Write a run of these endpoints, each so many times as fast as it would be."""

    def write(*only, speedup=None, faults=None, **more):
        settings = {"slice_s": 0.2, "rounds": 20, "concurrencies": (1, 16), "round_drift": 0.002, **more}
        return write_run(tmp_path / "run", Scenario(only=only, speedup=speedup or {}, **settings), faults or Faults())

    return write


@pytest.fixture
def judge():
    """One claim of a run."""

    def find(folder, name):
        return next(claim for claim in compare(folder).claims if claim.id == name)

    return find
