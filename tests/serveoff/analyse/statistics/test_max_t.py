"""Intervals that hold for all pairs together, and for all looks."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import studentized_range

from serveoff.analyse.statistics.max_t import OBRIEN_FLEMING, boundary, differences_seen, ratios
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


def test_pairs_told_apart_are_set_aside_and_the_others_have_the_interval_of_those_left():
    levels = zip((2.0, 4.0, 8.0), equal(3, seed=2), strict=True)
    alike, far = equal(4), [Sampled(level, s.slices, s.start, 1000) for level, s in levels]
    pairs = list(combinations(range(7), 2))
    found = dict(zip(pairs, ratios(list(combinations([*alike, *far], 2))), strict=True))
    half = {pair: np.log(r.high / r.low) / 2 for pair, r in found.items()}
    left = [pair for pair in pairs if pair[1] < 4]
    few, all_ = (0.01 * studentized_range.ppf(0.95, count, 1e6) for count in (4, 7))
    assert np.mean([half[pair] for pair in left]) == pytest.approx(few, rel=0.02)
    assert np.mean([half[pair] for pair in pairs if pair not in left]) == pytest.approx(all_, rel=0.02)
    seen = differences_seen(list(combinations([*alike, *far], 2)))
    assert np.log1p(seen).mean() == pytest.approx(few, rel=0.02), "of any pair, once those are set aside"


def test_none_is_set_aside_that_differs_by_less_than_the_margin():
    both = [*equal(2), *(Sampled(1.2, s.slices, s.start, 1000) for s in equal(2, seed=2))]
    pairs = list(combinations(both, 2))
    (sure, *_), (unsure, *_) = ratios(pairs), ratios(pairs, margin=0.3)
    assert np.log(sure.high) < 0.9 * np.log(unsure.high)


@pytest.mark.parametrize("others", [0, 3])
def test_equal_ones_are_told_apart_in_5_of_100_whatever_the_others_are(others):
    random, wrong, trials = np.random.default_rng(3), 0, 1500
    levels = [0] * 4 + [20 * (i + 1) for i in range(others)]
    draws = [random.normal(size=1000) for _ in range(4 + others)]
    for _ in range(trials):
        values = np.exp(random.normal(size=4 + others) + levels)
        points = [Sampled(v, d, np.zeros(1000), 1000) for v, d in zip(values, draws, strict=True)]
        found = zip(combinations(range(len(points)), 2), ratios(list(combinations(points, 2))), strict=True)
        wrong += any(r.low > 1 or r.high < 1 for (_, b), r in found if b < 4)
    assert 0.02 < wrong / trials < 0.065


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
