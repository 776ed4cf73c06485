"""How starts differ beyond their slices, and what that does to an interval."""

import numpy as np
import pytest

from serveoff.analyse.statistics.sampled import START_RESAMPLES, OfStart, Sampled
from serveoff.analyse.statistics.start_effect import GRID, PRIOR, excesses, with_effects

NOISE = 0.005
"""Of one start's figure, by its slices."""


def points(count, starts, deviation, seed=1, common=0.0, noise=NOISE, name="d"):
    """Deployments whose starts have this standard deviation, and all of them one in common."""
    random = np.random.default_rng(seed)
    shared = common * np.random.default_rng(9).normal(size=starts)
    found = []
    for number in range(count):
        of = {
            start + 1: OfStart(
                float(deviation * random.normal() + noise * random.normal() + shared[start]),
                noise * random.normal(size=START_RESAMPLES),
            )
            for start in range(starts)
        }
        found.append((f"{name}{number}", Sampled(1.0, np.full(2000, 1e-6), np.zeros(2000), 1000, of)))
    return found


@pytest.mark.parametrize("common", [0.0, 0.2], ids=["steady", "the machine changes from start to start"])
def test_the_deviation_between_starts_is_found_without_what_all_have_in_common(common):
    found = excesses(points(40, 5, 0.03, common=common), {})[""]
    assert found.deviation == pytest.approx(0.03, rel=0.2)
    assert found.density.sum() == pytest.approx(1)


def test_of_two_deployments_the_common_part_is_taken_out_too():
    found = [excesses(points(2, 8, 0.01, seed=seed, common=0.2), {})[""].deviation for seed in range(30)]
    assert np.median(found) == pytest.approx(0.01, rel=0.3)
    assert max(found) < 0.05


def test_starts_that_differ_by_no_more_than_their_slices_say_add_little():
    apart = points(40, 5, 0.0)
    found = excesses(apart, {})
    assert found[""].deviation < NOISE / 2
    added = [s.start.std() for s in with_effects(apart, found, {}, [1])]
    assert np.mean(added) < NOISE / 2


def test_a_deployment_whose_slices_say_little_hides_nothing_of_the_others():
    quiet, noisy = points(6, 5, 0.01, common=0.1), points(6, 5, 0.01, seed=2, common=0.1, noise=0.2, name="n")
    alone, beside = excesses(quiet, {})[""].deviation, excesses([*quiet, *noisy], {})[""].deviation
    assert alone == pytest.approx(0.01, rel=0.5)
    assert beside == pytest.approx(alone, rel=0.2)


def test_few_starts_are_judged_by_what_is_known_of_processes_and_many_by_themselves():
    few = [excesses(points(2, 2, 0.0, seed=seed), {})[""] for seed in range(20)]
    assert np.median([np.quantile(one.drawn(np.random.default_rng(1), 2000), 0.95) for one in few]) < 5 * PRIOR
    assert excesses(points(40, 10, 0.2), {})[""].deviation == pytest.approx(0.2, rel=0.1)


def test_what_is_drawn_has_the_posterior_s_shares():
    found = excesses(points(4, 4, 0.03), {})[""]
    drawn = found.drawn(np.random.default_rng(1), 100_000)
    assert np.median(drawn) == pytest.approx(found.deviation, rel=0.02)
    assert drawn.mean() == pytest.approx((GRID * found.density).sum(), rel=0.02)


def test_a_group_has_its_own_deviation_and_who_is_of_none_the_run_s():
    steady, loose = points(10, 4, 0.001), points(10, 4, 0.05, seed=2, name="l")
    groups = {name: name[0] for name, _ in (*steady, *loose)}
    found = excesses([*steady, *loose], groups)
    assert found["d"].deviation < 0.01 < found[""].deviation < 0.04 < found["l"].deviation
    (of_none,), (of_loose,) = (with_effects([(n, loose[0][1])], found, groups, [1]) for n in ("x", loose[0][0]))
    assert of_none.start.std() < of_loose.start.std()


def test_endpoints_of_one_deployment_share_its_start_and_deployments_do_not():
    apart = points(10, 3, 0.03)
    found = excesses(apart, {})
    same, also, other = with_effects([apart[0], apart[0], apart[1]], found, {}, [1])
    assert (same.start == also.start).all()
    assert abs(np.corrcoef(same.start, other.start)[0, 1]) < 0.1


def test_more_starts_of_a_deployment_narrow_its_interval():
    found = excesses(points(20, 5, 0.03), {})
    one, five = (with_effects(points(1, starts, 0.03), found, {}, [1])[0].start.std() for starts in (1, 5))
    assert one / five == pytest.approx(np.sqrt(5), rel=0.01)


def test_nothing_is_known_where_no_deployment_started_twice():
    alone = points(5, 1, 0.03)
    assert excesses(alone, {}) == {}
    assert not any(s.start.any() for s in with_effects(alone, {}, {}, [1]))
