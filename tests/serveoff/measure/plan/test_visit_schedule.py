"""What one round asks of an endpoint, as far as encodings go; other loads are in tests/e2e/test_loads.py."""

from dataclasses import replace

import pytest

from serveoff.analyse.statistics.estimates import min_samples
from serveoff.loadtests.recording.windows import Window
from serveoff.measure import agreement_gate
from serveoff.measure.locust_driver import TIMEOUT_S
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.plan.visit_schedule import (
    LONGEST_WINDOW_S,
    closed_stages,
    floor_stages,
    least_window_s,
    open_stages,
    patience_s,
    refused,
    stretch_s,
    visit_requests,
)
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.record.problems import RequestCode
from serveoff.services.registry import read_registry
from tests.serveoff.problems import problem

PROFILE = PROFILES["quick"].model_copy(update={"payloads": True})
PLAN = make_plan(read_registry(environ={}), ["torchserve-torchscript-rest"], PROFILE)
(ENDPOINT,) = PLAN.endpoints
(FLOOR,) = make_plan(read_registry(environ={}), ["inprocess-torchscript"], PROFILE).endpoints


def result(**gates):
    found = {
        name: Gate(passed=passed, checked=64, max_abs_error=None, top1_agreement=None) for name, passed in gates.items()
    }
    fields = {"deployment": "d", "server": "s", "format": "f", "protocol": "rest", "payload": "json"}
    return EndpointResult(endpoint="e", encoding_gates=found, **fields)


def test_an_encoding_that_did_not_pass_its_gate_is_not_measured():
    failed = result(json_base64=True, raw_tensor=False)
    assert refused(failed) == {"raw_tensor"}
    (request,) = visit_requests(ENDPOINT, failed, PROFILE, 1, 0.5)
    assert [s.load.payload for s in request.stages if s.load.payload] == ["json_base64"]


def test_every_encoding_that_passed_is_measured_once_a_round_and_planned_for():
    stages = closed_stages(ENDPOINT, PROFILE)
    assert [s.load.payload for s in stages] == ["", "", "", "json_base64", "raw_tensor"]
    without = replace(PLAN, settings=PROFILE.model_copy(update={"payloads": False}))
    more = PLAN.visit_s(ENDPOINT) - without.visit_s(ENDPOINT)
    assert more >= sum(s.duration_s for s in stages if s.load.payload)
    assert len(agreement_gate.encodings(ENDPOINT)) == 3


def slow(answer_s):
    """The result of an endpoint whose answers took so long at the gate."""
    found = result()
    found.gate = Gate(passed=True, checked=64, max_abs_error=0.0, top1_agreement=None, answer_s=answer_s)
    return found


def test_a_quick_endpoint_keeps_the_profiles_windows():
    assert least_window_s(PROFILE, result()) == 0
    assert closed_stages(ENDPOINT, PROFILE, least_window_s(PROFILE, slow(0.001))) == closed_stages(ENDPOINT, PROFILE)


@pytest.mark.parametrize("profile", PROFILES.values())
def test_windows_of_a_slow_endpoint_are_long_enough_for_a_90th_percentile(profile):
    """Of single rows: of larger batches the point says that it has too few samples."""
    answer_s = 0.25
    least_s = least_window_s(profile, slow(answer_s))
    sure = 2 if profile.until_clear else profile.rounds
    for stage in closed_stages(ENDPOINT, profile, least_s):
        if stage.load.batch == 1:
            assert sure * stage.duration_s / answer_s >= min_samples(0.9)
    for stage in floor_stages(FLOOR, profile, least_s):
        if stage.load.batch == 1 and not stage.load.payload:
            assert sure * stage.duration_s / answer_s >= min_samples(0.9)


def test_no_window_is_stretched_beyond_all_patience():
    assert (
        max(s.duration_s for s in closed_stages(ENDPOINT, PROFILE, least_window_s(PROFILE, slow(60.0))))
        == LONGEST_WINDOW_S
    )


def test_an_open_loop_at_a_low_rate_has_time_for_its_requests():
    profile = PROFILE.model_copy(update={"open_shares": [0.5], "rounds": 2})
    found = slow(0.1)
    found.windows = [
        Window(concurrency=1, round=1, start_s=0.0, duration_s=2.0, rows="r", requests=20, errors=0,
               answers_checked=20, wrong_answers=0)
    ]  # fmt: skip
    (stage,) = open_stages(found, profile)
    assert stage.load.rate == 5
    assert 2 * stage.duration_s * stage.load.rate >= min_samples(0.9)


def test_requests_that_wait_for_many_others_are_given_more_time():
    stages = closed_stages(ENDPOINT, PROFILE)
    assert patience_s(slow(0.001), stages) == TIMEOUT_S
    assert patience_s(slow(1.0), stages) == 64.0, "16 callers, 1 s each, four times over"
    request = next(iter(visit_requests(ENDPOINT, slow(1.0), PROFILE, 1, 0.5)))
    assert request.deadline_s > request.duration_s + len(request.stages) * (64 - TIMEOUT_S)


def test_batches_that_are_too_large_are_not_asked():
    profile = PROFILE.model_copy(update={"batches": [8, 32]})
    found = result()
    found.left_out = {"1x32": problem(RequestCode.TOO_LARGE, "a request of 32 rows has 96.3 MB")}
    (request,) = visit_requests(ENDPOINT, found, profile, 1, 0.5)
    assert [s.load.batch for s in request.stages if s.load.batch > 1] == [8]


def test_what_slow_answers_add_to_a_round_is_known_beforehand():
    assert stretch_s(ENDPOINT, slow(0.001), PROFILE) == stretch_s(FLOOR, slow(0.001), PROFILE) == 0
    for endpoint, stages_of in ((ENDPOINT, closed_stages), (FLOOR, floor_stages)):
        planned, real = stages_of(endpoint, PROFILE), stages_of(endpoint, PROFILE, least_window_s(PROFILE, slow(0.2)))
        more_s = sum(s.duration_s for s in real) - sum(s.duration_s for s in planned)
        assert stretch_s(endpoint, slow(0.2), PROFILE) == pytest.approx(more_s) != 0


def test_an_encoding_that_is_not_measured_takes_no_time():
    assert stretch_s(ENDPOINT, result(raw_tensor=False), PROFILE) == pytest.approx(-PROFILE.side_window_s)
