"""A worker's clock by its master's, on simulated clocks and ways."""

import random

import pytest

from serveoff.loadtests.distributed.clock import DRIFT, Exchange, error_s


def exchange(asked, there_s, back_s, offset_s, thinks_s=0.001):
    """An exchange between clocks whose true offset is known."""
    heard = asked + there_s
    return Exchange(asked, heard + offset_s, heard + thinks_s + offset_s, heard + thinks_s + back_s)


@pytest.mark.parametrize("offset_s", [0.0, 1000.0, -3.7e6])
def test_a_clock_that_is_off_is_known_within_the_bound_however_unequal_the_ways_are(offset_s):
    ways = random.Random(5)
    for _ in range(200):
        found = exchange(50.0, ways.expovariate(1000), ways.choice([0.0, ways.expovariate(10)]), offset_s)
        assert abs(found.offset_s - offset_s) <= found.bound_s + 1e-8


def test_a_way_of_equal_lengths_gives_the_offset_itself_and_the_worker_s_own_time_is_in_neither():
    found = exchange(50.0, 0.002, 0.002, 7.5, thinks_s=3.0)
    assert (found.offset_s, found.bound_s) == (pytest.approx(7.5), pytest.approx(0.002))


def test_the_bound_grows_with_time():
    found = exchange(50.0, 0.002, 0.002, 7.5)
    assert found.bound_at(found.answered) == found.bound_s
    assert found.bound_at(found.answered + 10) == pytest.approx(found.bound_s + 10 * DRIFT)


def test_the_quickest_exchange_is_kept_until_it_is_too_old():
    quick = Exchange.NOTHING.or_newer(exchange(50.0, 0.0001, 0.0001, 7.5))
    assert quick.or_newer(exchange(50.1, 0.003, 0.001, 7.5)) is quick
    slow = exchange(60.0, 0.003, 0.001, 7.5)
    assert quick.or_newer(slow) is slow


def test_a_clock_that_was_set_is_believed_at_once():
    quick, slow = exchange(50.0, 0.0001, 0.0001, 7.5), exchange(50.1, 0.003, 0.001, 9.5)
    assert quick.or_newer(slow) is slow


def test_what_a_slice_may_be_off_by_is_what_both_ends_of_it_say():
    before, same = exchange(50.0, 0.0001, 0.0001, 7.5), exchange(50.2, 0.0001, 0.0001, 7.5)
    assert error_s(before, same, 50.2) == pytest.approx(before.bound_at(50.2), rel=0.01)
    moved = exchange(50.2, 0.0001, 0.0001, 7.53)
    assert error_s(before, moved, 50.2) == pytest.approx(0.0301)
