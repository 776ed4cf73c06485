"""Which differences are real, and when a point counts."""

import pytest

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import Finding, Verdict, difference


def test_one_fatal_finding_makes_a_point_invalid_and_a_caution_does_not():
    caution, fatal = (Finding("code", fatal, "seen", "why", "advice") for fatal in (False, True))
    assert Verdict((caution,)).valid
    assert not Verdict((caution, fatal)).valid
    assert Verdict((caution, fatal)).reasons == (fatal,)
    assert Verdict((caution, fatal)).cautions == (caution,)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (1.05, 1.20, "better"),
        (1.001, 1.20, "better"),
        (0.70, 0.98, "worse"),
        (0.98, 1.02, "tie"),
        (1.01, 1.02, "tie"),
        (0.90, 1.10, "inconclusive"),
        (0.99, 1.05, "inconclusive"),
        (None, None, "no interval"),
    ],
)
def test_a_difference_is_real_only_where_its_interval_says_so(low, high, outcome):
    assert difference(Estimate(1.0, low, high, 100)) == outcome
