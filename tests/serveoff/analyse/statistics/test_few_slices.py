"""What a few slices do not know of their own variance, where others were measured under such a load."""

import numpy as np
import pytest

from serveoff.analyse.statistics.draws import draw
from serveoff.analyse.statistics.few_slices import moderated
from serveoff.analyse.statistics.sampled import SliceSample, estimate, resample

ROUNDS = [(start, 10 * start + number) for start in (1, 2, 3) for number in range(8)]
FEW = [ROUNDS[0], ROUNDS[6], ROUNDS[10], ROUNDS[20]]
SPREAD = 0.1


def point(units, random, spread=SPREAD):
    found = []
    for start, round_ in units:
        latency = np.full(20, 0.001 * np.exp(random.normal(0, spread)))
        found.append(SliceSample(start, round_, latency, latency, np.zeros(20), float(latency.sum()), 0.01, 20))
    return found


def run(units, random, others=6, spread=SPREAD):
    """A point of these units and others of the same, and the draws of the whole run."""
    beside = max(units, FEW, key=len)
    points = {"mine": point(units, random, spread), **{f"other {n}": point(beside, random) for n in range(others)}}
    draws = draw(ROUNDS, int(random.integers(1 << 30)))
    return {name: resample(slices, draws)["throughput"] for name, slices in points.items()}


def width(sampled):
    found = estimate(sampled)
    return np.log(found.high / found.low)


@pytest.mark.parametrize("units", [FEW, FEW[:1], FEW[:2]], ids=len)
def test_their_interval_holds_the_truth_and_is_no_wider_than_it_must_be(units):
    random = np.random.default_rng(1)
    held, widths = [], []
    for _ in range(300):
        mine = moderated(run(units, random), [1])["mine"]
        found = estimate(mine)
        held.append(found.low <= 1000 <= found.high)
        widths.append(width(mine))
    assert 0.92 <= np.mean(held) <= 0.985
    assert np.median(widths) < 2 * 3.2 * SPREAD / np.sqrt(len(units))


def test_alone_they_have_what_they_know_themselves():
    random = np.random.default_rng(1)
    for units in (FEW, FEW[:1]):
        found = run(units, random, others=0)
        assert moderated(found, [1]) == found
    assert estimate(found["mine"]).low is None, "one slice knows nothing"


def test_many_slices_stay_what_they_were():
    random = np.random.default_rng(1)
    ratios = []
    for _ in range(50):
        found = run(ROUNDS, random)
        ratios.append(width(moderated(found, [1])["mine"]) / width(found["mine"]))
    assert np.median(ratios) == pytest.approx(1.0, abs=0.05)


def test_one_that_varies_much_more_than_others_is_not_taken_for_one_of_them():
    random = np.random.default_rng(1)
    noisy = [moderated(run(ROUNDS, random, spread=5 * SPREAD), [1])["mine"] for _ in range(30)]
    usual = [moderated(run(ROUNDS, random), [1])["mine"] for _ in range(30)]
    assert np.median(list(map(width, noisy))) > 4 * np.median(list(map(width, usual)))


def test_the_same_seed_draws_the_same():
    found = run(FEW, np.random.default_rng(1))
    one, again, other = (moderated(found, [seed])["mine"].slices for seed in (1, 1, 2))
    assert (one == again).all()
    assert not (one == other).all()


def test_one_slice_of_each_start_alone_is_as_well_known_as_they_lie_apart():
    random, held = np.random.default_rng(1), []
    for _ in range(300):
        found = estimate(moderated(run([ROUNDS[0], ROUNDS[9], ROUNDS[17]], random, others=0), [1])["mine"])
        held.append(found.low <= 1000 <= found.high)
    assert 0.92 <= np.mean(held) <= 0.98
