"""How far the machine's drift may have moved the figures of a run, and that it moves no ratio of one run."""

from dataclasses import replace

import numpy as np
import pytest

from serveoff.analyse.statistics.draws import draw
from serveoff.analyse.statistics.estimates import Z_95
from serveoff.analyse.statistics.machine_drift import LEAST_ROUNDS, MachineDrift, machine_drift
from serveoff.analyse.statistics.max_t import ratios
from serveoff.analyse.statistics.sampled import SliceSample, estimate, resample

ROUNDS = 80


def drifts(random, memory, rounds=ROUNDS):
    """Logarithms, of deviation 1, of which so much is left in the next round."""
    found = [random.normal()]
    for _ in range(rounds - 1):
        found.append(memory * found[-1] + np.sqrt(1 - memory**2) * random.normal())
    return np.array(found)


def points(slower, random, noise=0.05, count=4):
    """Of each point a slice a round, all of its answers alike."""
    found = []
    for _ in range(count):
        latency = 0.001 * np.exp(slower + noise * random.normal(size=slower.size))
        found.append([_slice(round_, value) for round_, value in enumerate(latency, start=1)])
    return found


def _slice(round_, latency_s):
    values = np.full(40, latency_s)
    return SliceSample(1, round_, values, values, np.zeros(40), 40 * latency_s)


@pytest.mark.parametrize(("memory", "least"), [(0.8, 0.88), (0.95, 0.75)])
def test_it_holds_the_mean_that_drift_moved(memory, least):
    random = np.random.default_rng(1)
    held = []
    for _ in range(400):
        slower = 0.15 * drifts(random, memory)
        alone = slower.std() / np.sqrt(ROUNDS)
        held.append(abs(slower.mean()) <= Z_95 * np.hypot(machine_drift(points(slower, random)).beyond, alone))
    assert np.mean(held) >= least


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_the_whole_of_it_is_how_well_the_mean_speed_is_known(memory):
    random = np.random.default_rng(1)
    held = []
    for _ in range(400):
        slower = 0.15 * drifts(random, memory)
        held.append(abs(slower.mean()) <= Z_95 * machine_drift(points(slower, random)).whole)
    assert 0.92 <= np.mean(held) <= 0.98


def test_rounds_that_say_nothing_of_one_another_add_little():
    random = np.random.default_rng(1)
    found = [machine_drift(points(0.15 * random.normal(size=ROUNDS), random)).beyond for _ in range(200)]
    assert np.median(found) < 0.15 / np.sqrt(ROUNDS)


def test_a_run_of_few_rounds_cannot_tell():
    random = np.random.default_rng(1)
    assert machine_drift(points(np.arange(LEAST_ROUNDS - 1.0), random)) == machine_drift([]) == MachineDrift()
    assert machine_drift(points(np.arange(float(LEAST_ROUNDS)), random)).beyond > 1


def test_a_figure_is_known_less_well_and_a_ratio_just_as_well():
    random = np.random.default_rng(1)
    both = points(0.15 * drifts(random, 0.95), random, count=2)
    draws = draw((s.unit for slices in both for s in slices), 1)
    still = [resample(slices, draws)["p50"] for slices in both]
    moved = [replace(s, machine=machine_drift(both).beyond) for s in still]
    assert estimate(moved[0]).high > 1.02 * estimate(still[0]).high
    assert estimate(moved[0]).low < estimate(still[0]).low / 1.02
    assert ratios([tuple(moved)]) == ratios([tuple(still)])
