"""Statistics against distributions whose truth is known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from serveoff.analyse.statistics.blocks import WindowSample
from serveoff.analyse.statistics.bootstrap import (
    Sampled,
    bootstrap,
    deepest,
    estimate,
    min_samples,
    per_request,
    ratio,
    round_noise,
    withheld,
)

MEDIAN_S, SIGMA = 0.001, 0.3
Z = {"p50": 0.0, "p90": 1.2815516, "p99": 2.3263479, "p99.9": 3.0902323}


def windows(seed, count=800, rounds=2, correlation=0.0, drift=0.0):
    """Requests one after the other: lognormal latencies, autocorrelated, with a machine that differs by round."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(rounds):
        noise = rng.normal(size=count)
        noise[1:] *= np.sqrt(1 - correlation**2)
        normal = lfilter([1.0], [1.0, -correlation], noise)
        latency = MEDIAN_S * np.exp(SIGMA * normal + drift * rng.normal())
        ends = np.cumsum(latency)
        made.append(WindowSample(latency, ends - latency, float(ends[-1])))
    return made


def truth(statistic):
    if statistic == "throughput":
        return 1 / (MEDIAN_S * np.exp(SIGMA**2 / 2))
    return MEDIAN_S * np.exp(SIGMA * Z[statistic])


@pytest.mark.parametrize(("percentile", "needed"), [(0.5, 6), (0.9, 36), (0.99, 368), (0.999, 3688)])
def test_min_samples_is_where_a_distribution_free_interval_exists(percentile, needed):
    tail = max(percentile, 1 - percentile)
    assert min_samples(percentile) == needed
    assert tail**needed <= 0.025 < tail ** (needed - 1)


def test_values_are_those_of_all_rows_together():
    made = windows(1)
    everything = np.concatenate([w.latency_s for w in made])
    sampled = bootstrap(made, 0)
    for name, q in {"p50": 0.5, "p90": 0.9, "p99": 0.99}.items():
        assert sampled[name].value == np.quantile(everything, q)
        assert sampled[name].samples == everything.size
    assert sampled["throughput"].value == pytest.approx(everything.size / sum(w.duration_s for w in made))


@pytest.mark.parametrize(("count", "correlation"), [(800, 0.0), (1000, 0.6)])
def test_95_percent_intervals_hold_the_truth_about_95_percent_of_the_time(count, correlation):
    trials = 200
    held = dict.fromkeys(("p50", "p90", "p99", "throughput"), 0)
    for trial in range(trials):
        sampled = bootstrap(windows(trial, count, correlation=correlation), trial, resamples=300)
        for name in held:
            found = estimate(sampled[name])
            held[name] += found.low <= truth(name) <= found.high
    assert {name: n / trials for name, n in held.items() if not 0.90 <= n / trials <= 0.995} == {}


@pytest.mark.parametrize("samples", [6, 7, 100, 3687, 3688, 50_000])
def test_the_deepest_quantile_is_the_last_that_the_samples_suffice_for(samples):
    assert min_samples(deepest(samples) - 1e-9) <= samples
    assert min_samples(min(deepest(samples) + 1e-6, 1 - 1e-9)) > samples
    assert deepest(5) == deepest(0) == 0


def test_p999_is_there_with_its_samples_only_and_its_interval_holds_the_truth():
    assert "p99.9" not in bootstrap(windows(1, 1843), 1)
    assert "p99.9" in bootstrap(windows(1, 1844), 1)
    trials = 100
    found = [estimate(bootstrap(windows(t, 6000), t, resamples=300)["p99.9"]) for t in range(trials)]
    held = sum(e.low <= truth("p99.9") <= e.high for e in found)
    assert 0.88 <= held / trials <= 1.0
    assert np.mean([e.high / e.low for e in found]) < 1.5


def test_noise_between_rounds_is_pooled_over_the_points_of_a_run_and_keeps_coverage():
    runs, points, drift = 12, 16, 0.05
    held, apart, noises = 0, 0, []
    for run in range(runs):
        sampled = [bootstrap(windows([run, i], 500, drift=drift), i, 300)["p50"] for i in range(points)]
        noise = round_noise(sampled)
        noises.append(noise)
        held += sum(e.low <= MEDIAN_S <= e.high for e in (estimate(s, noise) for s in sampled))
        for one, other in zip(sampled[::2], sampled[1::2], strict=True):
            found = ratio(one, other, noise)
            apart += not found.low <= 1 <= found.high
    assert np.mean(noises) == pytest.approx(drift, rel=0.35)
    assert held / (runs * points) >= 0.90
    assert apart / (runs * points / 2) <= 0.10, "equal endpoints are called different too often"


def test_blocks_see_more_doubt_in_correlated_requests_than_in_independent_ones():
    def width(correlation):
        found = estimate(bootstrap(windows(3, 2000, correlation=correlation), 0)["p50"])
        return np.log(found.high / found.low)

    assert width(0.9) > 2 * width(0.0)


def test_replicates_agree_with_a_bootstrap_that_copies_the_blocks():
    made = windows(5, 1200, rounds=1)[0]
    blocks = np.clip((made.start_s * 20 / made.duration_s).astype(int), 0, 19)
    parts = [made.latency_s[blocks == b] for b in range(20)]
    rng = np.random.default_rng(0)
    copied = [np.quantile(np.concatenate([parts[b] for b in rng.integers(0, 20, 20)]), 0.9) for _ in range(2000)]
    ours = bootstrap([made], 0, resamples=2000)["p90"].replicates
    assert ours.mean() == pytest.approx(np.mean(copied), rel=0.005)
    assert ours.std() == pytest.approx(np.std(copied), rel=0.12)


def test_many_rows_are_binned_without_losing_the_tail():
    made = windows(6, 60_000, rounds=2)
    sampled = bootstrap(made, 0)
    for name in Z:
        assert np.median(sampled[name].replicates) == pytest.approx(sampled[name].value, rel=0.004)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    made = windows(7, rounds=1)
    first, again, other = (estimate(bootstrap(made, seed)["p99"]) for seed in (1, 1, 2))
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)


def test_a_percentile_with_too_few_samples_is_absent_and_its_estimate_says_how_many_are_needed():
    sampled = bootstrap(windows(8, 100), 0)
    assert set(sampled) == {"p50", "p90", "throughput"}
    assert withheld(200, 0.99).withheld == "200 of 368"
    assert withheld(200, 0.99).value is None


def test_nothing_answered_gives_no_statistic():
    assert bootstrap([], 0) == {}
    assert bootstrap([WindowSample(np.empty(0), np.empty(0), 1.0)], 0) == {}


def test_a_window_that_stalled_has_less_throughput_and_more_doubt():
    steady = windows(9, 1000, rounds=1)[0]
    late = np.where(steady.start_s > steady.duration_s / 2, steady.start_s + steady.duration_s, steady.start_s)
    stalled = bootstrap([WindowSample(steady.latency_s, late, 2 * steady.duration_s)], 0)["throughput"]
    whole = bootstrap([steady], 0)["throughput"]
    assert stalled.value == pytest.approx(whole.value / 2)
    assert stalled.replicates.std() / stalled.value > 3 * whole.replicates.std() / whole.value


def test_a_ratio_and_its_inverse_are_the_same_statement():
    a, b = bootstrap(windows(10), 0)["p50"], bootstrap(windows(11), 1)["p50"]
    forward, back = ratio(a, b), ratio(b, a)
    assert forward.value == pytest.approx(1 / back.value)
    assert forward.value == a.value / b.value
    assert forward.low < forward.value < forward.high


def test_drift_that_meets_both_alike_cancels_in_their_ratio():
    def point(rounds):
        return Sampled(1.0, np.exp(np.random.default_rng(0).normal(0, 0.001, 500)), np.array(rounds), 40, 1000)

    shared = ratio(point([0.8, 1.25]), point([0.8, 1.25]))
    single = estimate(point([0.8, 1.25]))
    assert shared.high < 1.01
    assert single.high > 1.3


def test_rounds_that_disagree_widen_the_interval():
    calm = Sampled(1.0, np.exp(np.random.default_rng(0).normal(0, 0.01, 500)), np.array([1.0, 1.0]), 40, 1000)
    torn = Sampled(1.0, calm.replicates, np.array([0.7, 1.4]), 40, 1000)
    assert estimate(torn).high > 1.5 > estimate(calm).high


def test_a_resource_per_request_is_its_total_over_all_requests():
    sampled = bootstrap(windows(12), 0)
    found = per_request(sampled["throughput"], [0.4, 0.6], [800, 800])
    assert found.value == pytest.approx(1.0 / 1600)
    assert found.by_round == pytest.approx([0.0005, 0.00075])
