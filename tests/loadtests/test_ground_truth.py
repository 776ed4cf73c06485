"""What is measured against what is true, on a server with known delays and stalls (`make ground-truth` in short).

The bounds are generous, for this machine may be busy: the benchmark holds the strict ones.
"""

import pytest

from benchmarks.delay_server import MEDIAN_S, PERIOD_S, STALL_S, released, truth
from benchmarks.ground_truth import errors, measure


def test_a_stall_holds_back_what_is_due_in_it():
    begin = 1000 * PERIOD_S
    assert released(begin + STALL_S / 3) == pytest.approx(begin + STALL_S)
    assert released(begin + STALL_S * 1.1) == begin + STALL_S * 1.1


def test_the_truth_is_that_of_the_distributions():
    p10, p50, p99 = truth([0.1, 0.5, 0.99])
    assert MEDIAN_S < p50 < MEDIAN_S * 1.1, "stalls add a little to the median"
    assert p10 == pytest.approx(MEDIAN_S * 0.64, rel=0.05), "exp(-1.28 * 0.35)"
    assert p99 > STALL_S * 0.8


@pytest.mark.slow
@pytest.mark.alone
def test_an_open_loop_is_charged_for_stalls_and_a_closed_one_hides_them(model_dir):
    measured = measure(10.0, once=("closed",))
    open_off, closed_off = errors(measured["open"]), errors(measured["closed"])
    assert all(abs(share) < 0.15 for share in open_off.values()), open_off
    assert closed_off["p99"] < -0.3, closed_off
    assert measured["open"].size == pytest.approx(5000, rel=0.1)
