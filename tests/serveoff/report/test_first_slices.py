"""The report of a run that was interrupted early: figures without an interval, for one round says nothing of it."""

import pytest

from serveoff.analyse.analysis import compare
from serveoff.report import write_all
from tests.serveoff.synthetic import Scenario, write_run

ENDPOINTS = {"one": ("flask-torchscript-rest",), "all": ()}


@pytest.mark.parametrize("only", ENDPOINTS.values(), ids=ENDPOINTS)
def test_a_run_of_one_round_has_every_form_of_report(tmp_path, only):
    found = compare(write_run(tmp_path / "run", Scenario(rounds=1, starts=1, only=only)))
    assert {point.p50_s.low for point in found.points} == {None}
    assert all(point.p50_s.value for point in found.points)
    written = write_all(found, tmp_path / "report", ["html", "markdown", "csv", "json"])
    assert all(path.stat().st_size for path in written.values())
