"""Intervals that hold for all pairs together, and for all looks."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm, studentized_range

from serveoff.analyse.statistics.max_t import POCOCK, level, ratios
from serveoff.analyse.statistics.sampled import Sampled

DRAWS = 20_000


def equal(count, deviation=0.01, seed=1):
    random = np.random.default_rng(seed)
    return [Sampled(1.0, deviation * random.normal(size=DRAWS), np.zeros(DRAWS), 1000) for _ in range(count)]


@pytest.mark.parametrize("count", [2, 5, 12])
def test_all_pairs_of_equal_means_have_tukey_s_interval(count):
    found = ratios(list(combinations(equal(count), 2)), 0.05)
    half = [np.log(r.high / r.low) / 2 for r in found]
    assert np.mean(half) == pytest.approx(0.01 * studentized_range.ppf(0.95, count, 1e6), rel=0.02)


@pytest.mark.parametrize(("looks", "nominal"), [(1, 0.05), (2, 0.0294), (3, 0.0221), (4, 0.0182), (5, 0.0158)])
def test_looks_share_the_error_as_pocock_has_it(looks, nominal):
    assert level(looks) == pytest.approx(nominal, abs=0.0001)


@pytest.mark.parametrize("looks", [2, 5, 10])
def test_so_many_looks_at_nothing_err_in_5_of_100(looks):
    steps = np.random.default_rng(1).normal(size=(100_000, looks)).cumsum(axis=1)
    z = np.abs(steps / np.sqrt(np.arange(1, looks + 1)))
    assert (z > norm.isf(level(looks) / 2)).any(axis=1).mean() == pytest.approx(0.05, abs=0.003)
    assert len(POCOCK) >= looks


def test_these_very_processes_differ_less_than_deployments():
    a, b = (Sampled(s.value, s.slices, 3 * s.slices[::-1], s.samples) for s in equal(2))
    (deployments,), (processes,) = ratios([(a, b)], 0.05), ratios([(a, b)], 0.05, processes=True)
    assert np.log(deployments.high) > 2.5 * np.log(processes.high)


def test_what_moves_together_exactly_is_known_exactly_and_what_never_moved_is_not_known():
    (mine,) = equal(1)
    twice = Sampled(2.0, mine.slices, mine.start, 500)
    (exact,) = ratios([(twice, mine)], 0.05)
    assert (exact.value, exact.low, exact.high, exact.samples) == (2.0, 2.0, 2.0, 500)
    still = Sampled(1.0, np.zeros(DRAWS), np.zeros(DRAWS), 10)
    (unknown,) = ratios([(still, still)], 0.05)
    assert (unknown.low, unknown.high) == (None, None)
