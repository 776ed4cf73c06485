"""Which differences are real, and when a point counts."""

import pytest

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import Finding, Verdict, difference, within


def test_one_fatal_finding_makes_a_point_invalid_and_a_caution_does_not():
    caution, fatal = (Finding("code", fatal, "seen", "why", "advice") for fatal in (False, True))
    assert Verdict((caution,)).valid
    assert not Verdict((caution, fatal)).valid
    assert Verdict((caution, fatal)).reasons == (fatal,)
    assert Verdict((caution, fatal)).cautions == (caution,)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (1.05, 1.20, "faster"),
        (1.001, 1.20, "faster"),
        (1.01, 1.02, "faster"),
        (0.70, 0.98, "slower"),
        (0.98, 1.02, "tied"),
        (0.96, 1.049, "tied"),
        (0.95, 1.01, "undecided"),
        (0.90, 1.10, "undecided"),
        (0.99, 1.06, "undecided"),
        (None, None, "no interval"),
    ],
)
def test_a_difference_is_real_only_where_its_interval_says_so(low, high, outcome):
    assert difference(Estimate(1.0, low, high, 100)) == outcome


def test_a_tie_is_within_the_larger_side_of_its_interval():
    assert within(Estimate(1.0, 0.98, 1.01, 100)) == pytest.approx(1 / 0.98 - 1)
    assert within(Estimate(1.0, 0.99, 1.03, 100)) == pytest.approx(0.03)
