"""Windows that are steady are left alone, and those that drift are found: simulated latency whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.coverage import lognormal, queue, stalls
from serveoff.analyse.statistics.blocks import WindowSample
from serveoff.analyse.statistics.drift import block_medians, findings, kendall, trend

WINDOW_S, ROUNDS = 3.0, 3
STEADY = {"lognormal": lognormal, "stalls": stalls, "queue": queue}


def steady(share):
    return np.ones_like(share)


def slope(total):
    return lambda share: 1 + total * share


def step(size, at=0.5):
    return lambda share: np.where(share > at, size, 1.0)


def window(random, draw, shape=steady):
    starts, latency = draw(random, WINDOW_S)
    return WindowSample(latency * shape(starts / WINDOW_S), starts, WINDOW_S)


def judged(random, draw, shapes=(steady,) * ROUNDS, closed_loop=True):
    """What is said of one point whose windows have these shapes."""
    trends = [trend(window(random, draw, shape), number) for number, shape in enumerate(shapes, start=1)]
    return list(findings([t for t in trends if t], closed_loop))


def share_found(draw, shapes, points, seed=1, fatal=False):
    random = np.random.default_rng(seed)
    said = [judged(random, draw, shapes) for _ in range(points)]
    return float(np.mean([any(f.fatal or not fatal for f in found) for found in said]))


@pytest.mark.parametrize("name", STEADY)
def test_steady_points_are_called_unsteady_in_at_most_a_few_percent(name):
    """At most 3% of 200 points, by chance up to 6% (binomial, 99%); none may be INVALID for it more than once."""
    assert share_found(STEADY[name], (steady,) * ROUNDS, 200) <= 0.06
    assert share_found(STEADY[name], (steady,) * ROUNDS, 200, fatal=True) <= 0.005


@pytest.mark.parametrize("name", ["lognormal", "stalls"])
@pytest.mark.parametrize(
    ("shape", "fatal"),
    [(slope(0.3), False), (step(1.25), False), (step(1.8), True), (step(1 / 1.8), True), (slope(1.2), True)],
    ids=["30% slope", "25% step", "80% step", "step down", "120% slope"],
)
def test_real_drifts_are_found_and_large_ones_make_the_point_invalid(name, shape, fatal):
    assert share_found(STEADY[name], (shape,) * ROUNDS, 40, fatal=fatal) >= 0.9


def test_what_is_too_small_to_matter_is_left_alone_however_sure_it_is():
    exact = np.linspace(1, 1.08, 6000) * 0.001
    sample = WindowSample(exact, np.linspace(0, WINDOW_S, 6000, endpoint=False), WINDOW_S)
    found = trend(sample, 1)
    assert found.p_value < 1e-6
    assert list(findings([found], True)) == []
    assert share_found(lognormal, (slope(0.05),) * ROUNDS, 50, seed=2) <= 0.06


def test_one_noisy_window_of_three_does_not_condemn_its_point():
    random = np.random.default_rng(3)
    (found,) = judged(random, lognormal, (steady, step(2.0), steady))
    assert (found.code, found.fatal) == ("drift", False)
    assert "round 2" in found.seen
    assert "grew by" in found.seen


def test_a_first_round_that_gets_faster_is_a_warm_up_that_was_too_short():
    random = np.random.default_rng(4)
    (found,) = judged(random, lognormal, (step(0.6, at=0.4), steady, steady))
    assert (found.code, found.fatal) == ("warm-up too short", False)
    assert "--warmup" in found.advice


def test_windows_that_drift_in_opposite_directions_are_found_though_their_sum_is_nothing():
    random = np.random.default_rng(5)
    (found,) = judged(random, lognormal, (step(2.0), step(0.5), step(2.0), step(0.5)))
    assert found.fatal
    assert "4 of 4 windows" in found.seen


def test_a_trend_that_no_window_shows_alone_is_seen_in_all_together():
    """Four blocks a window: the smallest p that one can have is 0.08."""
    latency = np.array([0.50, 0.56, 0.60, 0.66]) / 10
    sample = WindowSample(np.repeat(latency, 3), np.repeat(np.arange(4) * 0.75, 3), WINDOW_S)
    trends = [trend(sample, number) for number in range(1, 6)]
    assert all(t.p_value > 0.05 for t in trends)
    assert [f.code for f in findings(trends, True)] == ["drift"]


def test_an_open_loop_that_grows_its_queue_is_told_to_ask_for_less():
    random = np.random.default_rng(6)
    (found,) = judged(random, lognormal, (slope(2.0),) * ROUNDS, closed_loop=False)
    assert found.fatal
    assert "lower rate" in found.advice


@pytest.mark.parametrize("ties", [False, True])
def test_the_score_and_its_p_value_are_scipys_where_neighbours_are_independent(ties):
    random = np.random.default_rng(7)
    values = random.permutation(np.arange(20.0) // (2 if ties else 1))
    score, variance = kendall(values)
    theirs = stats.kendalltau(np.arange(20), values, method="asymptotic")
    concordant = theirs.statistic * np.sqrt(190 * (190 - (10 if ties else 0)))
    assert score == pytest.approx(concordant)
    p_value = 2 * stats.norm.sf(abs(score) / np.sqrt(variance))
    assert p_value >= theirs.pvalue - 1e-12, "equal, or larger for the correlation of neighbours"
    assert kendall(np.array([3.0, 1.0, 4.0, 2.0]))[1] == pytest.approx(4 * 3 * 13 / 18)


def test_block_medians_are_numpys():
    sample = window(np.random.default_rng(8), lognormal)
    blocks = (sample.start_s / WINDOW_S * 40).astype(int)
    assert block_medians(sample) == pytest.approx([np.median(sample.latency_s[blocks == b]) for b in range(40)])


def test_too_few_requests_have_no_trend():
    assert trend(WindowSample(np.array([0.1, 0.2]), np.array([0.0, 1.0]), WINDOW_S), 1) is None
    assert trend(WindowSample(np.empty(0), np.empty(0), WINDOW_S), 1) is None
    assert list(findings([], True)) == []
