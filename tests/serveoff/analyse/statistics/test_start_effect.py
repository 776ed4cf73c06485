"""How starts differ beyond their slices, and what that does to an interval."""

import numpy as np
import pytest

from serveoff.analyse.statistics.sampled import START_RESAMPLES, OfStart, Sampled
from serveoff.analyse.statistics.start_effect import MIN_DEGREES, excesses, with_effects

NOISE = 0.005
"""Of one start's figure, by its slices."""


def points(count, starts, deviation, seed=1, common=0.0):
    """Deployments whose starts have this standard deviation, and all of them one in common."""
    random = np.random.default_rng(seed)
    shared = common * random.normal(size=starts)
    found = []
    for number in range(count):
        of = {
            start + 1: OfStart(
                float(deviation * random.normal() + NOISE * random.normal() + shared[start]),
                NOISE * random.normal(size=START_RESAMPLES),
            )
            for start in range(starts)
        }
        found.append((f"d{number}", Sampled(1.0, np.full(2000, 1e-6), np.zeros(2000), 1000, of)))
    return found


@pytest.mark.parametrize("common", [0.0, 0.2], ids=["steady", "the machine changes from start to start"])
def test_the_deviation_between_starts_is_found_without_what_all_have_in_common(common):
    found = excesses(points(40, 5, 0.03, common=common), {})[""]
    assert found.deviation == pytest.approx(0.03, rel=0.2)
    assert found.degrees == pytest.approx(39 * 4)


def test_starts_that_differ_by_no_more_than_their_slices_say_add_little():
    apart = points(40, 5, 0.0)
    found = excesses(apart, {})
    assert found[""].deviation < NOISE / 2
    added = [s.start.std() for s in with_effects(apart, found, {}, [1])]
    assert np.mean(added) < NOISE / 2


def test_a_framework_has_its_own_where_it_has_enough_degrees_of_freedom_else_the_run_s():
    steady, loose = points(10, 4, 0.001), [(f"l{n}", s) for n, (_, s) in enumerate(points(10, 4, 0.05, seed=2))]
    few = [(f"f{n}", s) for n, (_, s) in enumerate(points(1, 4, 0.001, seed=3))]
    frameworks = {name: name[0] for name, _ in (*steady, *loose, *few)}
    found = excesses([*steady, *loose, *few], frameworks)
    assert found["d"].deviation < 0.01 < 0.04 < found["l"].deviation
    assert found["f"].degrees < MIN_DEGREES
    widths = {n: with_effects([p], found, frameworks, [1])[0].start.std() for n, p in (("d", steady[0]), ("f", few[0]))}
    assert widths["f"] > 2 * widths["d"]


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
