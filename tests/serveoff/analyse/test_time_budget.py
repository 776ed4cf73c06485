"""Where a run's time goes, as planned and as it was."""

import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.time_budget import spent
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.plan.variants import parse_variation
from serveoff.record.suite import load_suite, save_suite
from serveoff.report import write_all
from serveoff.services.registry import read_registry
from tests.serveoff.synthetic import Scenario, write_run


def planned(name):
    profile = PROFILES[name]
    return make_plan(read_registry(environ={}), (), profile, [parse_variation(text) for text in profile.vary])


@pytest.mark.parametrize("name", ["default", "full"])
def test_a_comparison_spends_at_least_seven_tenths_of_its_time_measuring(name):
    plan = planned(name)
    assert 0.7 <= plan.measuring_s / plan.total_s < 1


def test_what_is_measured_is_counted_window_by_window():
    profile = PROFILES["quick"]
    plan = make_plan(read_registry(environ={}), ["flask-torchscript-rest"], profile)
    warmups = profile.first_warmup_s + profile.warmup_s
    assert plan.measuring_s == pytest.approx(warmups + 2 * 3 * profile.window_s)


def test_a_run_says_in_every_report_how_much_of_its_time_was_measuring(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-torchscript-rest", "inprocess-torchscript"), rounds=2))
    suite = load_suite(folder)
    assert spent(suite) is None, "warm-ups were not recorded"
    suite.warmed_s, suite.wall_s = 3.0, 20.0
    save_suite(folder, suite)
    found = spent(suite)
    windows = [w for e in suite.endpoints for w in e.windows]
    assert found.windows_s == pytest.approx(len(windows) * 1.0)
    assert found.share == pytest.approx((3 + len(windows)) / 20)
    written = write_all(compare(folder), tmp_path / "report")
    said = f"{found.share:.0%} of 20.0 s went into warm-up (3.00 s) and measured windows"
    assert said in written["html"].read_text()
    assert said in written["markdown"].read_text()
    assert json.loads(written["json"].read_text())["time_spent"]["share"] == pytest.approx(found.share)


def test_a_record_that_makes_no_sense_has_no_share(tmp_path):
    suite = load_suite(write_run(tmp_path / "run", Scenario(only=("flask-torchscript-rest",))))
    suite.warmed_s, suite.wall_s = float("inf"), 20.0
    assert spent(suite) is None
