"""What servers used over time, from samples whose truth is known."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.studies.timelines import PARTS, cores_of
from serveoff.record.suite import load_suite, save_suite
from serveoff.record.usage import usage_path
from serveoff.report.sections import timelines as tables
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.usage_runs import add_usage

ENDPOINT, OTHER = "flask-torchscript-rest", "flask-savedmodel-rest"
SCENARIO = Scenario(window_s=1.5, rounds=3, only=(ENDPOINT, OTHER))


def timed(folder, scenario=SCENARIO, **usage):
    run = write_run(folder / "run", scenario)
    add_usage(run, **usage)
    return compare(run)


def one(comparison):
    return next(t for t in comparison.timelines if t.endpoint == ENDPOINT)


def test_mean_and_peak_are_those_of_the_windows(tmp_path):
    found = one(timed(tmp_path, share=0.8, memory_bytes=400e6))
    assert found.mean_share == pytest.approx(0.8, abs=0.05)
    assert found.peak_share == pytest.approx(0.8, abs=0.02)
    assert found.peak_memory_bytes == 400e6
    assert found.cores == 1
    assert [stretch.round for stretch in found.stretches] == [1, 2, 3]


def test_shares_are_of_all_the_cores_that_a_server_could_use(tmp_path):
    run = write_run(tmp_path / "run", SCENARIO)
    add_usage(run, share=0.8)
    suite = load_suite(run)
    suite.settings.server_cpus = [0, 1]
    save_suite(run, suite)
    found = one(compare(run))
    assert (found.cores, found.mean_share) == (2, pytest.approx(0.4, abs=0.03))


def test_a_container_s_limit_is_all_it_could_use(tmp_path):
    run = write_run(tmp_path / "run", replace(SCENARIO, runtime="docker", cpu_limit=0.5))
    suite = load_suite(run)
    assert cores_of(suite.endpoints[0], suite) == 0.5


def test_the_parts_of_a_visit_hold_all_that_was_used_in_it(tmp_path):
    comparison = timed(tmp_path, share=0.8)
    found = one(comparison)
    assert sum(len(s.cpu_share) for s in found.stretches) <= PARTS + len(found.stretches)
    for stretch in found.stretches:
        part_s = stretch.duration_s / len(stretch.cpu_share)
        expected = 3 * 1.5 * 0.8 + (stretch.duration_s - 3 * 1.5) * 0.05
        assert sum(stretch.cpu_share) * part_s == pytest.approx(expected, rel=0.06)
        assert len(stretch.windows) == 3
        assert [end - start for start, end in stretch.windows] == pytest.approx([1.5] * 3)
        assert max(stretch.memory_bytes) == 400e6
    starts = [s.start_s for t in comparison.timelines for s in t.stretches]
    assert min(starts) == 0


@pytest.mark.parametrize(("growth", "said"), [(30e6, "grew most"), (0.0, "No server's memory grew by more than 5%")])
def test_growth_is_from_the_first_round_to_the_last(tmp_path, growth, said):
    comparison = timed(tmp_path, growth_bytes=growth)
    assert one(comparison).growth_bytes == 2 * growth
    assert said in tables.sentence(comparison)


def test_more_callers_are_no_growth(tmp_path):
    """The first window has one caller and the last sixteen: growth is told by windows of one load."""
    comparison = timed(tmp_path, replace(SCENARIO, rounds=1))
    assert one(comparison).growth_bytes is None
    assert "is not known" in tables.sentence(comparison)


def test_a_server_that_was_replaced_has_no_growth(tmp_path):
    found = one(timed(tmp_path, growth_bytes=30e6, restarts=True))
    assert (found.replaced, found.growth_bytes) == (True, None)


def test_a_run_that_kept_no_samples_has_no_timeline(tmp_path):
    assert compare(write_run(tmp_path / "run", SCENARIO)).timelines == ()


def test_an_endpoint_whose_samples_are_lost_is_left_out(tmp_path):
    run = write_run(tmp_path / "run", SCENARIO)
    add_usage(run)
    for window in load_suite(run).endpoint(OTHER).windows:
        (run / usage_path(run / window.rows)).unlink(missing_ok=True)
    assert [t.endpoint for t in compare(run).timelines] == [ENDPOINT]
