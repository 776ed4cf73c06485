"""What the load generator can drive, by a search against the null service."""

from serveoff.analyse.analysis import compare
from serveoff.loadtests.loads import Seek
from serveoff.measure.plan.plan import CEILING_PROBES, make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.plan.visit_schedule import visit_requests
from serveoff.record.suite import load_suite, save_suite
from serveoff.report.sections.sentences import calibration_sentence
from serveoff.services.registry import read_registry
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.problems import late
from tests.serveoff.synthetic import Scenario, write_run

NULL, ENDPOINT = "flask-null-rest", "flask-torchscript-rest"
RATES = (400.0, 700.0, 800.0, 900.0, 1100.0)
BEHIND = "the load generator fell behind its schedule: 1% of requests were sent more than 3 ms late"


def run(folder, behind=None, asked=500.0):
    """A run whose null service is a queue of 0.8 ms a request, and one open-loop point at the rate `asked`."""
    write_run(folder, Scenario(only=(NULL, ENDPOINT), window_s=0.4))
    add_open_loop(folder, NULL, RATES, mean_s=0.0008)
    add_open_loop(folder, ENDPOINT, (asked,), search=False, mean_s=0.0002)
    suite = load_suite(folder)
    for window in suite.endpoint(NULL).windows:
        if behind is not None and window.rate >= behind:
            window.problems = [late(BEHIND)]
    save_suite(folder, suite)
    return compare(folder)


def test_the_highest_rate_that_the_generator_kept_is_found_and_told(tmp_path):
    comparison = run(tmp_path / "run", behind=900.0)
    found = comparison.calibration.open_loop
    assert (found.kept, found.behind) == (800.0, 900.0)
    said = calibration_sentence(comparison)
    assert "up to 800 req/s, and fell behind its schedule at 900 req/s" in said
    assert "samples" in said


def test_a_generator_that_never_fell_behind_is_limited_by_the_null_service(tmp_path):
    comparison = run(tmp_path / "run")
    found = comparison.calibration.open_loop
    assert found.behind is None
    assert found.kept in (800.0, 900.0)
    assert found.capacity.side == "between"
    assert "never fell behind" in calibration_sentence(comparison)


def test_probes_against_null_are_no_points_and_no_capacity_of_a_contender(tmp_path):
    comparison = run(tmp_path / "run", behind=900.0)
    assert comparison.entry(NULL).others == ()
    assert NULL not in [c.endpoint for c in comparison.capacity]


def test_a_point_beyond_the_ceiling_says_so(tmp_path):
    beyond = run(tmp_path / "beyond", behind=500.0, asked=450.0).entry(ENDPOINT).others[0]
    within = run(tmp_path / "within", behind=900.0, asked=450.0).entry(ENDPOINT).others[0]
    assert "beyond the ceiling" in [f.code for f in beyond.verdict.cautions]
    assert "beyond the ceiling" not in [f.code for f in within.verdict.findings]


def test_a_run_without_a_search_has_no_ceiling_and_one_with_it_makes_it_once(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=(NULL,)))
    assert compare(folder).calibration.open_loop is None
    result, registry = load_suite(folder).endpoint(NULL), read_registry(environ={})
    (endpoint,) = make_plan(registry, [NULL], PROFILES["default"]).endpoints
    first, second = (list(visit_requests(endpoint, result, PROFILES["default"], round_, 1.0)) for round_ in (1, 2))
    (search,) = first[1].stages
    assert isinstance(search, Seek)
    assert search.probes == CEILING_PROBES
    assert len(first) == 2
    assert len(second) == 1
    assert len(list(visit_requests(endpoint, result, PROFILES["quick"], 1, 1.0))) == 1
