"""Open beside closed loop, from one service time."""

from serveoff.analyse.analysis import compare
from serveoff.report.sections import capacity
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Scenario, write_run

ENDPOINT = "flask-torchscript-rest"
SERVICE_S = 0.00063
"""About the endpoint's own, in tests.serveoff.synthetic: 1,550 requests a second at most."""


def gaps(folder, *rates):
    write_run(folder, Scenario(only=(ENDPOINT,), rounds=3, round_drift=0.0))
    add_open_loop(folder, ENDPOINT, rates, search=False, mean_s=SERVICE_S, sigma=0.12)
    return compare(folder)


def test_near_its_capacity_an_open_loop_s_tail_is_longer_than_one_caller_s(tmp_path):
    comparison = gaps(tmp_path / "run", 1200.0)
    (gap,) = comparison.gaps
    assert (gap.open.load.rate, gap.closed.concurrency) == (1200.0, 1)
    assert gap.p99.low > 1
    assert "hides a part of the tail of torchscript behind Flask" in capacity.gap_sentence(comparison)


def test_a_rate_that_no_closed_loop_is_near_is_not_compared(tmp_path):
    comparison = gaps(tmp_path / "run", 300.0)
    assert comparison.others
    assert comparison.gaps == ()
    assert "no" in capacity.gap_sentence(comparison).lower()
