"""One set of draws for a run, and what it makes of the rounds."""

from dataclasses import replace

import numpy as np
import pytest

from serveoff.analyse.statistics.draws import RESAMPLES, draw
from serveoff.analyse.statistics.sampled import SliceSample, estimate, resample

UNITS = [(start, 20 * (start - 1) + number) for start in (1, 2, 3) for number in range(1, 21)]


def slices(medians, units=UNITS, requests=200, seed=3):
    """Slices of lognormal latencies with these medians, one for each unit."""
    random = np.random.default_rng(seed)
    found = []
    for (start, round_), median in zip(units, medians, strict=True):
        latency = median * random.lognormal(0, 0.2, requests)
        spent = float(latency.sum())
        found.append(SliceSample(start, round_, latency, latency, np.cumsum(latency), spent, 0.5 * spent, requests))
    return found


def test_weights_are_those_of_the_seed_whatever_the_order_and_never_zero():
    one, other = draw(UNITS, 7), draw(reversed(UNITS), 7)
    assert all((one.weights[unit] == other.weights[unit]).all() for unit in UNITS)
    assert min(weights.min() for weights in one.weights.values()) > 0
    assert not (one.weights[UNITS[0]] == draw(UNITS, 8).weights[UNITS[0]]).any()


def test_a_mean_of_rounds_varies_by_its_own_variance_over_their_number():
    values = np.random.default_rng(1).normal(size=len(UNITS))
    draws = draw(UNITS, 7)
    weights = draws.of(UNITS)
    replicates = (weights @ values) / weights.sum(axis=1)
    within = np.concatenate([part - part.mean() for part in values.reshape(3, 20)])
    expected = np.sqrt((within**2).sum() / (len(UNITS) - 3) / len(UNITS))
    assert replicates.std() * draws.scale(UNITS) == pytest.approx(expected, rel=0.05)


def test_a_point_that_has_every_third_round_only_varies_as_much_as_its_own_rounds_say():
    own = UNITS[::3]
    values = np.random.default_rng(2).normal(size=len(own))
    draws = draw(UNITS, 7)
    weights = draws.of(own)
    replicates = (weights @ values) / weights.sum(axis=1)
    by_start = [values[[i for i, (start, _) in enumerate(own) if start == s]] for s in (1, 2, 3)]
    within = sum(((part - part.mean()) ** 2).sum() for part in by_start) / (len(own) - 3)
    assert replicates.std() * draws.scale(own) == pytest.approx(np.sqrt(within / len(own)), rel=0.15)


def test_drift_that_all_share_cancels_in_a_ratio():
    drift = np.exp(np.random.default_rng(4).normal(0, 0.3, len(UNITS)))
    draws = draw(UNITS, 7)
    mine, other = (resample(slices(0.001 * drift, seed=seed), draws) for seed in (1, 2))
    for name in ("p50", "p90", "throughput", "cpu"):
        alone, apart = mine[name].slices.std(), (mine[name].slices - other[name].slices).std()
        assert apart < 0.2 * alone, name


def test_figures_are_those_of_all_rows_and_of_sums():
    found = slices(np.full(len(UNITS), 0.001))
    sampled = resample(found, draw(UNITS, 7))
    latency = np.concatenate([s.latency_s for s in found])
    assert [sampled[n].value for n in ("p50", "p99")] == list(np.quantile(latency, [0.5, 0.99]))
    assert sampled["throughput"].value == pytest.approx(latency.size / latency.sum())
    assert sampled["cpu"].value == pytest.approx(0.5 * latency.mean())
    assert sampled["p50"].slices.size == RESAMPLES
    assert estimate(sampled["p50"]).low < 0.001 < estimate(sampled["p50"]).high


def test_one_round_has_no_interval():
    sampled = resample(slices([0.001], UNITS[:1]), draw(UNITS[:1], 7))
    assert (estimate(sampled["p50"]).low, estimate(sampled["p50"]).value) == (None, sampled["p50"].value)


def test_a_slice_without_a_reading_of_cpu_is_left_out_of_it_alone():
    found = slices(np.full(len(UNITS), 0.001))
    found[5] = replace(found[5], cpu_s=None, served=None)
    sampled = resample(found, draw(UNITS, 7))
    assert sampled["p50"].samples == 200 * len(UNITS)


def test_how_far_starts_lie_apart_adds_nothing_where_a_point_has_few_rounds_of_each():
    own = [UNITS[0], UNITS[7], UNITS[25], UNITS[45]]
    draws = draw(UNITS, 7)
    near, far = np.array([1.0, 1.1, 1.0, 1.0]), np.array([1.0, 1.1, 5.0, 9.0])
    weights = draws.of(own)
    spreads = [((weights @ values) / weights.sum(axis=1)).std() for values in (near, far)]
    assert spreads[1] == pytest.approx(spreads[0], rel=1e-6)


def test_a_slice_in_which_nothing_was_answered_is_time_that_was_spent():
    found = slices(np.full(len(UNITS), 0.001))
    empty = replace(found[3], latency_s=np.empty(0), sent_s=np.empty(0), due_s=np.empty(0))
    both = (found, [*found[:3], empty, *found[4:]])
    whole, stalled = (resample(own, draw(UNITS, 7))["throughput"].value for own in both)
    assert stalled == pytest.approx(whole * (1 - 1 / len(UNITS)), rel=0.01)


def test_cpu_is_of_the_slices_that_have_a_reading():
    found = slices(np.full(len(UNITS), 0.001))
    some = [replace(s, cpu_s=None, served=None) if s.round % 2 else s for s in found]
    none = [replace(s, cpu_s=0.0) if s.round % 2 else s for s in found]
    all_of, known, half = (resample(own, draw(UNITS, 7))["cpu"].value for own in (found, some, none))
    assert known == pytest.approx(all_of, rel=0.05)
    assert half == pytest.approx(all_of / 2, rel=0.05), "a meter of coarse ticks reads 0, too"
    assert "cpu" not in resample([replace(s, cpu_s=0.0) for s in found], draw(UNITS, 7))
