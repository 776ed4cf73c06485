"""A small part of `make coverage`: intervals hold what is true, and equal endpoints are rarely called different.

Seeds are fixed: the test gives the same answer every time. Of so few runs a share has an error of its own, and so its
bounds are those that a method which just keeps to `benchmarks.coverage`'s own is within in 99 of 100 such simulations
(binomial).
"""

import pytest
from scipy.stats import binom

from benchmarks.coverage import COVERAGE, DEPLOYMENTS, SCENARIOS, Result, judge, most_calls, simulate

FIRST, *OTHERS = SCENARIOS
RUNS = 24
PAIRS = RUNS * len(DEPLOYMENTS)
LOW, HIGH = (binom.ppf(q, PAIRS, p) / PAIRS for q, p in ((0.01, COVERAGE[0]), (0.99, COVERAGE[1])))
MOST_CALLS = most_calls(RUNS)


def test_the_bounds_mean_something():
    assert binom.cdf(LOW * PAIRS, PAIRS, 0.7) > 0.99, "intervals without what a start adds fail"
    assert binom.sf(MOST_CALLS * RUNS, RUNS, 0.4) > 0.95, "looks that do not share the error among eight endpoints fail"


def test_what_is_beyond_its_bounds_by_more_than_chance_is_missed():
    def found(held, called):
        return Result(*({"p50": share} for share in (0.95, held, called, 0.05)))

    assert judge(FIRST, found(0.95, 0.055), 200) == []
    assert judge(FIRST, found(0.95, 0.10), 200) == [f"{FIRST}: p50 called different in 10.0% of races"]
    assert judge(FIRST, found(0.95, 0.055), 20_000) != []
    assert judge(FIRST, found(0.91, 0.05), 200) == [f"{FIRST}: p50 holds in 91.0%"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [FIRST, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)])
def test_intervals_of_simulated_runs_hold_the_truth_and_equal_endpoints_stay_equal(name):
    found = simulate(SCENARIOS[name], RUNS)
    assert {n: share for n, share in found.ratios.items() if not LOW <= share <= HIGH} == {}
    assert {n: share for n, share in found.false_calls.items() if share > MOST_CALLS} == {}
    if not SCENARIOS[name].memory:
        assert {n: share for n, share in found.figures.items() if not LOW <= share <= HIGH} == {}
