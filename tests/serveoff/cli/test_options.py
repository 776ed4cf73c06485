import pytest

from serveoff.cli import options
from serveoff.errors import UsageError
from serveoff.measure.plan.plan import FIRST_WARMUP, PROFILES, Objective


def test_nothing_given_is_the_profile_itself():
    assert options.profile_of("default", warmup_s=None) == PROFILES["default"]


def test_what_is_given_changes_the_profile():
    profile = options.profile_of("quick", warmup_s=2.0, rounds=7, concurrencies=(3,))
    assert (profile.warmup_s, profile.first_warmup_s) == (2.0, FIRST_WARMUP * 2.0)
    assert (profile.rounds, profile.concurrencies, profile.window_s) == (7, (3,), PROFILES["quick"].window_s)


def test_lists_are_sorted_and_zero_is_none():
    assert options.numbers("16,1,4,4", 1024) == (1, 4, 16)
    assert options.numbers("0", 1024) == ()
    assert options.numbers(None, 1024) is None
    assert options.shares("80,50") == (0.5, 0.8)


@pytest.mark.parametrize(
    ("text", "why"), [("a", "not a list"), ("1,,2", "not a list"), ("0,1", "range"), ("99", "range")]
)
def test_other_lists_are_refused(text, why):
    with pytest.raises(UsageError, match=why):
        options.numbers(text, 64)


def test_an_objective_is_a_percentile_and_a_bound():
    assert options.objective("p99:10ms", 6) == Objective(0.99, 0.01, 6)
    assert options.objective("p99.9:0.5s", 3) == Objective(0.999, 0.5, 3)
    assert options.objective("none", 6).probes == 0
    assert options.objective(None, 6) is None


@pytest.mark.parametrize("text", ["", "p99", "99:10ms", "p99:10", "p0:10ms", "p99:0ms", "p99:20s", "p100:1ms"])
def test_other_objectives_are_refused(text):
    with pytest.raises(UsageError, match=r"no objective|out of range"):
        options.objective(text, 6)


def test_no_callers_at_all_is_refused():
    with pytest.raises(UsageError, match="at least one user"):
        options.profile_of("quick", concurrencies=())
