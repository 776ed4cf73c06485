"""Intervals that hold for all pairs together, and for all looks."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import studentized_range

from serveoff.analyse.statistics.max_t import OBRIEN_FLEMING, boundary, ratios
from serveoff.analyse.statistics.sampled import Sampled

DRAWS = 20_000


def equal(count, deviation=0.01, seed=1):
    random = np.random.default_rng(seed)
    return [Sampled(1.0, deviation * random.normal(size=DRAWS), np.zeros(DRAWS), 1000) for _ in range(count)]


@pytest.mark.parametrize("count", [2, 5, 12])
def test_all_pairs_of_equal_means_have_tukey_s_interval(count):
    found = ratios(list(combinations(equal(count), 2)))
    half = [np.log(r.high / r.low) / 2 for r in found]
    assert np.mean(half) == pytest.approx(0.01 * studentized_range.ppf(0.95, count, 1e6), rel=0.02)


@pytest.mark.parametrize("looks", [1, 2, 5, 10])
def test_so_many_looks_at_nothing_err_in_5_of_100(looks):
    steps = np.random.default_rng(1).normal(size=(100_000, looks)).cumsum(axis=1)
    z = np.abs(steps / np.sqrt(np.arange(1, looks + 1)))
    bounds = np.array([boundary(look, looks) for look in range(1, looks + 1)])
    assert (z > bounds).any(axis=1).mean() == pytest.approx(0.05, abs=0.003)
    assert len(OBRIEN_FLEMING) >= looks


def test_an_early_look_must_see_more_and_the_last_hardly_more_than_a_single_one():
    assert [round(boundary(look, 4), 2) for look in (1, 2, 3, 4)] == [4.05, 2.86, 2.34, 2.02]
    assert boundary() == pytest.approx(1.96)


def test_intervals_are_wider_by_the_bound_of_their_look():
    pair = [tuple(equal(2))]
    (once,), (early,) = ratios(pair), ratios(pair, boundary(1, 4))
    assert np.log(early.high) / np.log(once.high) == pytest.approx(boundary(1, 4) / boundary(), rel=1e-3)


def test_these_very_processes_differ_less_than_deployments():
    a, b = (Sampled(s.value, s.slices, 3 * s.slices[::-1], s.samples) for s in equal(2))
    (deployments,), (processes,) = ratios([(a, b)]), ratios([(a, b)], processes=True)
    assert np.log(deployments.high) > 2.5 * np.log(processes.high)


def test_what_moves_together_exactly_is_known_exactly_and_what_never_moved_is_not_known():
    (mine,) = equal(1)
    twice = Sampled(2.0, mine.slices, mine.start, 500)
    (exact,) = ratios([(twice, mine)])
    assert (exact.value, exact.low, exact.high, exact.samples) == (2.0, 2.0, 2.0, 500)
    still = Sampled(1.0, np.zeros(DRAWS), np.zeros(DRAWS), 10)
    (unknown,) = ratios([(still, still)])
    assert (unknown.low, unknown.high) == (None, None)
