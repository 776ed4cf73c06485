"""Three significant digits and a unit, everywhere."""

import pytest

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.phrases.numbers import compared, factor, full, ms, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0612345, "0.0612"),
        (0.9996, "1.00"),
        (6.125, "6.12"),
        (61.25, "61.2"),
        (999.6, "1,000"),
        (22_345.0, "22,300"),
        (0, "0"),
        (float("inf"), "–"),
    ],
)
def test_three_significant_digits(value, text):
    assert significant(value) == text


def test_a_figure_has_its_unit_and_its_interval():
    estimate = Estimate(0.000637, 0.000629, 0.0006449, 1000)
    assert full(estimate, ms, "ms") == "0.637\u00a0ms [0.629–0.645]"
    assert full(Estimate(2.9, None, None, 1), significant, "s") == "2.90\u00a0s"
    assert full(None, ms, "ms") == "–"


def test_a_ratio_has_its_sign_once():
    assert factor(Estimate(1.141, 1.1, 1.18, 100)) == "1.14× [1.10–1.18]"


@pytest.mark.parametrize(
    ("estimate", "in_words", "as_a_factor"),
    [
        (Estimate(1.17, 1.0031, 1.349, 100), "1.2 times faster (1.003–1.3)", "1.17× [1.003–1.35]"),
        (Estimate(1.0042, 0.9981, 1.01, 100), "1.004 times faster (0.998–1.01)", "1.004× [0.998–1.01]"),
        (Estimate(1.0, 1.0, 1.0, 100), "1.00 times faster (1.00–1.00)", "1.00× [1.00–1.00]"),
    ],
)
def test_a_bound_beside_one_tells_its_side(estimate, in_words, as_a_factor):
    assert compared(estimate) == in_words
    assert factor(estimate) == as_a_factor
