"""Intervals of shares, against published examples."""

import pytest

from serveoff.analyse.statistics.proportions import paired_difference, proportion


def answers(both, first, second, neither):
    """Two answers to each sample, by how many samples had each outcome."""
    ones = [True] * (both + first) + [False] * (second + neither)
    others = [True] * both + [False] * first + [True] * second + [False] * neither
    return ones, others


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((14, 5, 0, 22), 0.011, 0.226),  # Altman et al., Statistics with Confidence, 2000, table 6.2
        ((1, 1, 7, 12), -0.507, -0.026),  # Fagerland, Lydersen, Laake, Statistics in Medicine 33, 2014 (Bentur et al.)
        ((36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe 1998, table III
    ],
)
def test_paired_differences_are_those_of_published_examples(table, low, high):
    found = paired_difference(*answers(*table))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)
    assert found.value == pytest.approx((table[1] - table[2]) / sum(table))


def test_turned_round_the_interval_turns_with_it():
    one, other = answers(340, 14, 3, 3)
    there, back = paired_difference(one, other), paired_difference(other, one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.low < there.value < there.high


def test_answers_that_never_differ_still_have_an_interval_of_a_few_samples():
    found = paired_difference(*answers(10, 0, 0, 0))
    assert found.value == 0
    assert found.low < -0.2 < 0.2 < found.high


def test_answers_that_go_together_tell_a_smaller_difference_than_independent_ones():
    together, apart = paired_difference(*answers(300, 10, 0, 50)), paired_difference(*answers(260, 50, 40, 10))
    assert together.value == pytest.approx(apart.value)
    assert together.high - together.low < (apart.high - apart.low) / 2


def test_a_share_has_wilsons_interval():
    found = proportion(48, 50)  # Newcombe 1998 and Wilson 1927
    assert (found.value, found.low, found.high) == pytest.approx((0.96, 0.8654, 0.9890), abs=5e-4)
    assert proportion(50, 50).high == pytest.approx(1.0)
    assert proportion(50, 50).low < 0.95
