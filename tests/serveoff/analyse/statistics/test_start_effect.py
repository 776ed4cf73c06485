"""How starts differ beyond their slices, and what that does to an interval."""

from dataclasses import replace

import numpy as np
import pytest

from serveoff.analyse.statistics.sampled import START_RESAMPLES, OfStart, Sampled
from serveoff.analyse.statistics.start_effect import GRID, PRIOR, Of, StartEffects, excesses, with_effects

NOISE = 0.005
"""Of one start's figure, by its slices."""


def points(count, starts, deviation, seed=1, common=(), noise=NOISE, server="flask", framework="torch"):
    """Deployments of one server whose starts have this standard deviation, and all of them one in common."""
    random = np.random.default_rng(seed)
    shared = common if len(common) else np.zeros(starts)
    found = []
    for number in range(count):
        of = {
            start + 1: OfStart(
                float(deviation * random.normal() + noise * random.normal() + shared[start]),
                noise * random.normal(size=START_RESAMPLES),
            )
            for start in range(starts)
        }
        sampled = Sampled(1.0, np.full(2000, 1e-6), np.zeros(2000), 1000, of)
        found.append(Of(f"{server}-{framework}-{number}", server, framework, "1", sampled))
    return found


def swing(deviation, starts=5, seed=9):
    """By how much the machine is slower at each start."""
    return deviation * np.random.default_rng(seed).normal(size=starts)


@pytest.mark.parametrize("common", [0.0, 0.2], ids=["steady", "the machine changes from start to start"])
def test_the_deviation_between_starts_is_found_without_what_all_have_in_common(common):
    found = excesses(points(40, 5, 0.03, common=swing(common))).run
    assert found.deviation == pytest.approx(0.03, rel=0.2)
    assert found.density.sum() == pytest.approx(1)


def test_of_two_deployments_the_common_part_is_taken_out_too():
    found = [excesses(points(2, 8, 0.01, seed=seed, common=swing(0.2, 8))).run.deviation for seed in range(30)]
    assert np.median(found) == pytest.approx(0.01, rel=0.3)
    assert max(found) < 0.05


def test_what_slows_one_server_and_not_the_other_is_the_servers_and_not_their_starts():
    slowed, steady = points(6, 5, 0.01, common=swing(0.1)), points(6, 5, 0.01, seed=2, server="torchserve")
    found = excesses([*slowed, *steady])
    assert found.run.deviation == pytest.approx(0.01, rel=0.3)
    assert found.servers.deviation > 0.02
    same, also, other = with_effects([slowed[0], slowed[1], steady[0]], found, [1])
    within, across = (same.start - also.start).std(), (same.start - other.start).std()
    assert within < 0.02 < 0.03 < across


def test_a_server_s_effect_cancels_only_in_the_starts_that_two_deployments_share():
    found = excesses([*points(6, 5, 0.0, common=swing(0.1)), *points(6, 5, 0.0, seed=2, server="torchserve")])
    five, four = points(1, 5, 0.0)[0], points(1, 4, 0.0)[0]
    all_five, also_five, only_four = with_effects([five, five, four], found, [1])
    assert (all_five.start - also_five.start).std() == 0 < 0.005 < (all_five.start - only_four.start).std()


def test_a_start_that_one_deployment_has_alone_says_nothing_of_what_it_has_in_common():
    two, (other,) = points(2, 4, 0.03, seed=3), points(1, 4, 0.03, framework="tensorflow")
    fifth = OfStart(3.0, NOISE * np.random.default_rng(1).normal(size=START_RESAMPLES))
    longer = replace(other, sampled=replace(other.sampled, starts=other.sampled.starts | {5: fifth}))
    without, beside = (excesses([*two, each]).run.deviation for each in (other, longer))
    assert beside == pytest.approx(without, rel=0.05)


def test_a_start_of_a_single_slice_says_nothing_where_others_have_more():
    two, (other,) = points(2, 4, 0.01, seed=3), points(1, 4, 0.01, framework="tensorflow")
    single = OfStart(0.5, np.zeros(START_RESAMPLES))
    beside = replace(other, sampled=replace(other.sampled, starts=other.sampled.starts | {4: single}))
    assert excesses([*two, beside]).run.deviation < 2 * excesses([*two, other]).run.deviation


def test_loads_are_slowed_apart():
    alone = points(10, 5, 0.01, common=swing(0.1))
    busy = [replace(p, load="16") for p in points(10, 5, 0.01, seed=2, common=swing(0.1, seed=10))]
    assert excesses([*alone, *busy]).run.deviation == pytest.approx(0.01, rel=0.3)


def test_starts_that_differ_by_no_more_than_their_slices_say_add_little():
    apart = points(40, 5, 0.0)
    found = excesses(apart)
    assert found.run.deviation < NOISE / 2
    added = [s.start.std() for s in with_effects(apart, found, [1])]
    assert np.mean(added) < NOISE / 2


def test_a_deployment_whose_slices_say_little_hides_nothing_of_the_others():
    common = swing(0.1)
    quiet = points(6, 5, 0.01, common=common)
    noisy = points(6, 5, 0.01, seed=2, common=common, noise=0.2, framework="tensorflow")
    alone, beside = excesses(quiet).run.deviation, excesses([*quiet, *noisy]).run.deviation
    assert alone == pytest.approx(0.01, rel=0.5)
    assert beside == pytest.approx(alone, rel=0.2)


def test_few_starts_are_judged_by_what_is_known_of_processes_and_many_by_themselves():
    few = [excesses(points(2, 2, 0.0, seed=seed)).run for seed in range(20)]
    assert np.median([np.quantile(one.drawn(np.random.default_rng(1), 2000), 0.95) for one in few]) < 5 * PRIOR
    assert excesses(points(40, 10, 0.2)).run.deviation == pytest.approx(0.2, rel=0.1)


def test_what_is_drawn_has_the_posterior_s_shares():
    found = excesses(points(4, 4, 0.03)).run
    drawn = found.drawn(np.random.default_rng(1), 100_000)
    assert np.median(drawn) == pytest.approx(found.deviation, rel=0.02)
    assert drawn.mean() == pytest.approx((GRID * found.density).sum(), rel=0.02)


def test_a_group_has_its_own_deviation_and_who_is_of_none_the_run_s():
    steady, loose = points(10, 4, 0.001), points(10, 4, 0.05, seed=2, framework="tensorflow")
    found = excesses([*steady, *loose])
    assert found.deviations["flask torch"] < 0.01 < found.deviations["flask tensorflow"]
    of_none = replace(loose[0], deployment="x", server="tfserving")
    unknown, of_loose = with_effects([of_none, loose[0]], found, [1])
    assert unknown.start.std() < of_loose.start.std()


def test_a_deployment_that_has_no_other_of_its_framework_is_judged_by_those_of_its_server():
    alone, beside = points(1, 4, 0.05, seed=5), points(4, 4, 0.01, framework="tensorflow")
    found = excesses([*alone, *beside]).deviations
    assert found["flask torch"] == found["run"]


def test_endpoints_of_one_deployment_share_its_start_and_deployments_do_not():
    apart = points(10, 3, 0.03)
    found = excesses(apart)
    same, also, other = with_effects([apart[0], apart[0], apart[1]], found, [1])
    assert (same.start == also.start).all()
    assert abs(np.corrcoef(same.start, other.start)[0, 1]) < 0.1


def test_more_starts_of_a_deployment_narrow_its_interval():
    found = excesses(points(20, 5, 0.03))
    one, five = (with_effects(points(1, starts, 0.03), found, [1])[0].start.std() for starts in (1, 5))
    assert one / five == pytest.approx(np.sqrt(5), rel=0.01)


def test_nothing_is_known_where_no_deployment_started_twice():
    alone = points(5, 1, 0.03)
    assert excesses(alone) == StartEffects()
    assert excesses(alone).deviations == {}
    assert not any(s.start.any() for s in with_effects(alone, StartEffects(), [1]))


def _with_rounds(point, share):
    starts = zip(point.sampled.starts.items(), share, strict=True)
    sampled = replace(point.sampled, starts={start: replace(of, rounds=rounds) for (start, of), rounds in starts})
    return replace(point, sampled=sampled)


def test_a_start_weighs_by_the_slices_that_it_has():
    found = excesses(points(20, 2, 0.03))
    (point,) = points(1, 2, 0.03)
    even, uneven = (_with_rounds(point, share) for share in ((10, 10), (19, 1)))
    spreads = [with_effects([one], found, [1])[0].start.std() for one in (even, uneven)]
    assert spreads[1] / spreads[0] == pytest.approx(np.hypot(0.95, 0.05) / np.sqrt(0.5), rel=0.01)


def test_what_a_start_adds_is_no_interval_of_a_point_whose_slices_tell_nothing():
    both = points(2, 3, 0.03)
    silent = replace(both[0], sampled=replace(both[0].sampled, slices=np.zeros(2000)))
    told = with_effects([silent, both[1]], excesses(both), [1])
    assert [bool(s.start.any()) for s in told] == [False, True]
