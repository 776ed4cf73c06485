"""What a round did to all endpoints leaves their latencies, and with it what it added to the noise of ratios."""

from dataclasses import replace

import numpy as np
import pytest

from serveoff.analyse.statistics.common_drift import at_mean_speed, slowness
from serveoff.analyse.statistics.draws import draw
from serveoff.analyse.statistics.max_t import ratios
from serveoff.analyse.statistics.sampled import SliceSample, resample

ROUNDS, REQUESTS = 40, 60
TWO_SPEEDS = 0.4
"""By how much the machine's slow rounds are slower: two humps that touch, as on a shared machine."""


def slices(slower, usual_s=0.001, spread=0.05, seed=1):
    """One slice a round of an endpoint with this median, slower by a logarithm in each."""
    random = np.random.default_rng(seed)
    return [_slice(number, usual_s * np.exp(by) * random.lognormal(0, spread, REQUESTS)) for number, by in slower]


def _slice(round_, latency_s):
    return SliceSample(1, round_, latency_s, latency_s, np.zeros(latency_s.size), float(latency_s.sum()), 0.5, 7)


def rounds(drifts):
    return list(enumerate(drifts, start=1))


def speeds(seed, rounds_=ROUNDS):
    return TWO_SPEEDS * (np.random.default_rng(seed).random(rounds_) < 0.5)


def pooled(of):
    return float(np.median(np.concatenate([s.latency_s for s in of])))


def test_what_all_have_in_common_is_taken_out():
    drifts = speeds(1)
    points = [slices(rounds(drifts), usual, seed=number) for number, usual in enumerate((0.001, 0.002, 0.009))]
    slower = slowness(points)
    found = np.array([slower[1, number] for number, _ in rounds(drifts)])
    assert found == pytest.approx(drifts - drifts.mean(), abs=0.03)
    for usual, own in zip((0.001, 0.002, 0.009), points, strict=True):
        steady = at_mean_speed(own, slower)
        medians = np.array([np.median(s.latency_s) for s in steady])
        assert np.log(medians).std() < 0.03
        assert pooled(steady) == pytest.approx(usual * np.exp(drifts.mean()), rel=0.02)


def test_one_endpoint_that_stalls_moves_no_other():
    calm, stalled = slices(rounds(np.zeros(ROUNDS))), np.zeros(ROUNDS)
    stalled[::4] = 3.0
    slower = slowness([calm, slices(rounds(np.zeros(ROUNDS)), 0.002, seed=2), slices(rounds(stalled), 0.003, seed=3)])
    assert max(map(abs, slower.values())) < 0.05
    assert pooled(at_mean_speed(calm, slower)) == pytest.approx(0.001, rel=0.02)


def test_who_was_asked_in_slow_rounds_only_is_not_told_as_slow():
    drifts = speeds(1)
    seldom = [(number, by) for number, by in rounds(drifts) if by > 0]
    others = [slices(rounds(drifts), usual, seed=seed) for seed, usual in enumerate((0.001, 0.002, 0.003))]
    mine = slices(seldom, 0.001, seed=9)
    steady = at_mean_speed(mine, slowness([*others, mine]))
    assert pooled(steady) == pytest.approx(0.001 * np.exp(drifts.mean()), rel=0.03)
    assert pooled(mine) > 1.15 * pooled(steady)


def test_most_that_left_a_run_before_the_machine_slowed_down_are_told_at_its_mean_speed():
    drifts = np.where(np.arange(ROUNDS) < ROUNDS // 4, 0.0, 0.2)
    early = rounds(drifts)[: ROUNDS // 4]
    stayed = [slices(rounds(drifts), 0.001 * (1 + seed), seed=seed) for seed in range(3)]
    left = [slices(early, 0.001 * (4 + seed), seed=10 + seed) for seed in range(5)]
    slower = slowness([*stayed, *left])
    told = [pooled(at_mean_speed(own, slower)) for own in (*stayed, *left)]
    expected = [0.001 * (1 + seed) * np.exp(drifts.mean()) for seed in (*range(3), *range(3, 8))]
    assert told == pytest.approx(expected, rel=0.02)


def test_an_endpoint_alone_is_as_it_was():
    alone = slices(rounds(speeds(1)))
    assert slowness([alone]) == slowness([]) == {}
    assert at_mean_speed(alone, {}) == alone


def test_a_round_that_one_endpoint_has_alone_is_as_it_was():
    both = [slices(rounds(speeds(seed))) for seed in (1, 2)]
    lonely = slices([(ROUNDS + 1, 1.0)])
    slower = slowness([both[0] + lonely, both[1]])
    assert (1, ROUNDS + 1) not in slower
    assert at_mean_speed(lonely, slower) == lonely


def test_slices_without_an_answer_say_nothing():
    empty = _slice(1, np.empty(0))
    slower = slowness([[empty, *slices(rounds(speeds(1)))[1:]], slices(rounds(speeds(1)), 0.002, seed=2)])
    assert (1, 1) not in slower
    assert at_mean_speed([empty], slower)[0].latency_s.size == 0


def test_throughput_and_cpu_time_are_told_at_that_speed_too():
    drifts = speeds(1)
    points = [slices(rounds(drifts), usual, seed=seed) for seed, usual in enumerate((0.001, 0.002))]
    slower = slowness(points)
    draws = draw((s.unit for own in points for s in own), 1)
    found = resample(at_mean_speed(points[0], slower), draws)
    assert found["throughput"].value == pytest.approx(1000 / np.exp(drifts.mean()), rel=0.02)
    assert found["cpu"].value == pytest.approx(0.5 / 7 * np.mean(np.exp(drifts.mean() - drifts)), rel=0.02)
    without = replace(points[0][0], cpu_s=None)
    assert at_mean_speed([without], slower)[0].cpu_s is None


def test_an_endpoint_that_was_asked_in_half_of_the_rounds_has_the_throughput_of_all():
    drifts = speeds(1)
    others = [slices(rounds(drifts), usual, seed=seed) for seed, usual in enumerate((0.001, 0.002, 0.003))]
    mine = slices([(number, by) for number, by in rounds(drifts) if by > 0], seed=9)
    slower = slowness([*others, mine])
    draws = draw((s.unit for own in (*others, mine) for s in own), 1)
    found = [resample(at_mean_speed(own, slower), draws)["throughput"].value for own in (others[0], mine)]
    assert found[1] == pytest.approx(found[0], rel=0.03)


def test_ratios_of_medians_are_known_better_on_a_machine_of_two_speeds():
    widths = {"raw": [], "steady": []}
    for seed in range(20):
        drifts = speeds(seed)
        points = [slices(rounds(drifts), 0.001 * (1 + 0.2 * n), spread=0.15, seed=100 * seed + n) for n in range(4)]
        draws, slower = draw((s.unit for own in points for s in own), seed), slowness(points)
        for name, kept in (("raw", points), ("steady", [at_mean_speed(own, slower) for own in points])):
            sampled = [resample(own, draws)["p50"] for own in kept]
            found = ratios([(sampled[1], sampled[0])])[0]
            widths[name].append(np.log(found.high / found.low))
    assert np.median(widths["steady"]) < np.median(widths["raw"]) / 1.5
