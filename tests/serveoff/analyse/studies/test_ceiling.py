"""What the load generator can drive, by a search against the null service."""

from serveoff.analyse.analysis import compare
from serveoff.report.sections.run.method import harness
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Scenario, write_run

NULL, ENDPOINT = "flask-tuned-null-rest", "flask-torchscript-rest"
RATES = (400.0, 700.0, 800.0, 900.0, 1100.0)


def run(folder, behind=None, asked=500.0):
    """A run whose null service is a queue of 0.8 ms a request, and one open-loop point at the rate `asked`.

    From the rate `behind` on the generator sends so late that it decides whether the objective holds.
    """
    write_run(folder, Scenario(only=(NULL, ENDPOINT), slice_s=0.08))
    on_time = [rate for rate in RATES if behind is None or rate < behind]
    add_open_loop(folder, NULL, on_time, mean_s=0.0008)
    add_open_loop(folder, NULL, [rate for rate in RATES if rate not in on_time], mean_s=0.0002, late_s=0.0099)
    add_open_loop(folder, ENDPOINT, (asked,), search=False, mean_s=0.0002)
    return compare(folder)


def test_the_highest_rate_that_the_generator_kept_is_found_and_told(tmp_path):
    comparison = run(tmp_path / "run", behind=900.0)
    found = comparison.calibration.open_loop
    assert (found.kept, found.behind) == (800.0, 900.0)
    said = harness(comparison.calibration)
    assert "up to 800 req/s, and fell behind its schedule at 900 req/s" in said
    assert "samples" in said


def test_a_generator_that_never_fell_behind_is_limited_by_the_null_service(tmp_path):
    comparison = run(tmp_path / "run")
    found = comparison.calibration.open_loop
    assert found.behind is None
    assert found.kept in (800.0, 900.0)
    assert found.capacity.side == "between"
    assert "never fell behind" in harness(comparison.calibration)


def test_probes_against_null_are_no_points_and_no_capacity_of_a_contender(tmp_path):
    comparison = run(tmp_path / "run", behind=900.0)
    assert comparison.entry(NULL).others == ()
    assert NULL not in [c.endpoint for c in comparison.capacity]


def test_a_point_beyond_the_ceiling_says_so(tmp_path):
    beyond = run(tmp_path / "beyond", behind=500.0, asked=450.0).entry(ENDPOINT).others[0]
    within = run(tmp_path / "within", behind=900.0, asked=450.0).entry(ENDPOINT).others[0]
    assert "beyond the ceiling" in [f.code for f in beyond.verdict.cautions]
    assert "beyond the ceiling" not in [f.code for f in within.verdict.findings]


def test_a_run_without_a_search_has_no_ceiling(tmp_path):
    assert compare(write_run(tmp_path / "run", Scenario(only=(NULL,)))).calibration.open_loop is None
