"""How long slices are."""

import pytest

from serveoff.loadtests.loads import Load
from serveoff.measure.plan.loads import EACH, SIDE, Asked
from serveoff.measure.plan.profiles import PROFILES, run_settings
from serveoff.measure.plan.timing import ENOUGH, LONGEST_FOR_SWITCH_S, LONGEST_S, expected_s, timing

DEFAULT = PROFILES["default"]
ALONE, MANY, RARE = Asked(Load(1)), Asked(Load(16)), Asked(Load(4), SIDE)


def test_a_quick_endpoint_has_the_shortest_slice():
    found = timing(ALONE, 0.0005, 0.0, DEFAULT)
    assert (found.lead_in_s, found.duration_s) == (DEFAULT.lead_in_s, DEFAULT.slice_s)


@pytest.mark.parametrize("answer_s", [0.0001, 0.003, 0.02, 0.1])
@pytest.mark.parametrize("asked", [ALONE, MANY, RARE])
def test_a_slice_has_ten_answers_two_answers_of_lead_in_and_a_switch_of_a_fifth(answer_s, asked):
    found = timing(asked, answer_s, 0.001, DEFAULT)
    assert found.duration_s * asked.load.concurrency / answer_s >= 9.999
    assert found.lead_in_s >= 2 * answer_s
    assert found.lead_in_s + 0.001 <= (found.total_s + 0.001) / 5 * 1.001


def test_where_a_switch_costs_more_slices_are_longer():
    assert timing(ALONE, 0.0, 0.024, DEFAULT).duration_s == pytest.approx(4 * 0.049)


def test_a_slow_model_has_its_answers_and_no_slice_is_stretched_for_ever():
    assert timing(ALONE, 1.0, 0.0, DEFAULT).duration_s == pytest.approx(10.0)
    assert timing(MANY, 8.0, 0.0, DEFAULT).duration_s == pytest.approx(5.0)
    assert timing(ALONE, 60.0, 0.0, DEFAULT).duration_s == LONGEST_S
    assert timing(MANY, 1.0, 0.0, DEFAULT).duration_s == LONGEST_FOR_SWITCH_S
    assert timing(ALONE, 60.0, 0.0, DEFAULT).timeout_s == 240.0


@pytest.mark.parametrize("asked_s", [5.0, 20.0, 60.0, 600.0])
def test_a_slice_is_as_long_as_was_asked(asked_s):
    found = timing(ALONE, 0.001, 0.0, DEFAULT.model_copy(update={"slice_s": asked_s}))
    assert found.duration_s == asked_s


def test_a_run_of_few_rounds_has_enough_answers_for_its_percentiles():
    settings = run_settings("quick", model="", rounds=2)
    assert timing(ALONE, 0.02, 0.0, settings).duration_s * 2 / 0.02 >= ENOUGH
    assert timing(Asked(Load(1), EACH), 0.02, 0.0, run_settings("quick", model="", rounds=9)).duration_s == 0.2


def test_callers_queue_as_far_as_is_known():
    assert expected_s(Load(16, batch=2), 0.01) == pytest.approx(0.32)
    assert expected_s(Load(16), None) == 0.0
