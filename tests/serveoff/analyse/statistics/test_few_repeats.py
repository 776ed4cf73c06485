"""What a few repeats say, and what they must not be made to say."""

import pytest
from scipy.stats import binom

from serveoff.analyse.statistics.few_repeats import apart, margin, spread


def test_one_value_has_no_bounds_and_none_has_no_spread():
    assert spread([]) is None
    alone = spread([2.0])
    assert (alone.value, alone.low, alone.high, alone.count, alone.bounds) == (2.0, None, None, 1, "none")


@pytest.mark.parametrize("count", [2, 3, 5])
def test_fewer_than_six_give_their_range_and_say_so(count):
    found = spread([float(n) for n in range(count, 0, -1)])
    assert (found.low, found.high, found.count, found.bounds) == (1.0, float(count), count, "range")
    assert found.value == (count + 1) / 2


@pytest.mark.parametrize("count", [6, 8, 9, 12, 15, 20, 40])
def test_from_six_on_two_order_statistics_cover_the_median_with_95_percent_and_no_closer_pair_does(count):
    found = spread([float(n) for n in range(1, count + 1)])
    outside = int(found.low) - 1
    assert found.bounds == "interval"
    assert found.high == count - outside
    assert 1 - 2 * binom.cdf(outside, count, 0.5) >= 0.95
    assert 1 - 2 * binom.cdf(outside + 1, count, 0.5) < 0.95


def test_apart_only_where_the_two_do_not_overlap():
    assert apart(spread([2.0, 2.1, 2.2]), spread([2.4, 2.6, 2.5])) == "faster"
    assert apart(spread([2.0, 2.1, 2.2]), spread([2.3, 2.6, 2.4])) == "undecided", "ranges are no intervals"
    six = [spread([start + n / 100 for n in range(6)]) for start in (2.0, 2.1)]
    assert apart(*six) == "faster"
    assert apart(spread([2.0, 2.1, 2.4]), spread([2.3, 2.6, 2.5])) == "undecided"
    assert apart(spread([2.0, 2.0, 2.01]), spread([2.01, 2.02, 2.03])) == "tied"
    assert apart(spread([2.0]), spread([9.0, 9.1])) == "no interval"


def test_a_margin_holds_every_pair_of_values():
    found = margin(spread([2.0, 2.5, 2.2]), spread([4.0, 5.0, 4.4]))
    assert found.value == pytest.approx(2.0)
    assert (found.low, found.high) == (pytest.approx(4.0 / 2.5), pytest.approx(5.0 / 2.0))


def test_over_divides_every_part():
    found = spread([2.0, 4.0, 3.0]).over(0.5)
    assert (found.value, found.low, found.high, found.bounds) == (6.0, 4.0, 8.0, "range")
