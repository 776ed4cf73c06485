"""A small part of `make coverage`: intervals hold what is true, and equal endpoints are rarely called different.

Seeds are fixed: the test gives the same answer every time. Of so few runs a share has an error of its own, and so its
bounds are those that a method which just keeps to `benchmarks.coverage`'s own is within in 99 of 100 such simulations
(binomial).
"""

import pytest
from scipy.stats import binom

from benchmarks.coverage import COVERAGE, DEPLOYMENTS, FALSE_CALLS, SCENARIOS, simulate

FIRST, *OTHERS = SCENARIOS
RUNS = 24
PAIRS = RUNS * len(DEPLOYMENTS)
LOW, HIGH = (binom.ppf(q, PAIRS, p) / PAIRS for q, p in ((0.01, COVERAGE[0]), (0.99, COVERAGE[1])))
MOST_CALLS = binom.ppf(0.99, RUNS, FALSE_CALLS) / RUNS


def test_the_bounds_mean_something():
    assert binom.cdf(LOW * PAIRS, PAIRS, 0.7) > 0.99, "intervals without what a start adds fail"
    assert binom.sf(MOST_CALLS * RUNS, RUNS, 0.4) > 0.95, "looks that do not share the error among eight endpoints fail"


@pytest.mark.slow
@pytest.mark.parametrize("name", [FIRST, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)])
def test_intervals_of_simulated_runs_hold_the_truth_and_equal_endpoints_stay_equal(name):
    found = simulate(SCENARIOS[name], RUNS)
    assert {n: share for n, share in found.ratios.items() if not LOW <= share <= HIGH} == {}
    assert {n: share for n, share in found.false_calls.items() if share > MOST_CALLS} == {}
    if not SCENARIOS[name].memory:
        assert {n: share for n, share in found.figures.items() if not LOW <= share <= HIGH} == {}
