"""The crossover is found where it truly is, says how sure it is, and is never guessed beyond what was measured."""

import math

import numpy as np
import pytest

from serveoff.analyse.across_models.crossing import At, under_formats, under_latency
from serveoff.analyse.statistics.estimates import Estimate
from tests.serveoff.model_runs import TIMES, overhead_s


def exactly(value, within=0.0):
    return Estimate(value, value / (1 + within), value * (1 + within), 1000)


def line(costs_s, server_s, within=0.0, floors=None, formats=None):
    """A server that adds `server_s(cost)` to models of these costs, all figures known within a share."""
    floors = floors or costs_s
    return [
        At(
            f"m{n}",
            exactly(cost, within),
            exactly(floor, within),
            exactly((floor + server_s(cost)) / floor, within),
            exactly(formats, within) if formats else None,
        )
        for n, (cost, floor) in enumerate(zip(costs_s, floors, strict=True))
    ]


def test_a_server_that_adds_the_same_to_all_models_crosses_at_nine_times_what_it_adds():
    found = under_latency(line([0.0003, 0.04], lambda cost: 0.0005), seed=1)
    assert found.state == "between"
    assert (found.lower, found.upper) == ("m0", "m1")
    assert found.cost_s == pytest.approx(0.0045, rel=1e-6)
    assert (found.low_s, found.high_s) == pytest.approx((0.0045, 0.0045), rel=1e-6)


def test_a_part_that_grows_with_the_logarithm_of_the_cost_is_met_exactly():
    grows = lambda cost: 0.001 + 0.0004 * math.log(cost / 0.001)  # noqa: E731
    found = under_latency(line([0.001, 0.1], grows), seed=1)
    assert grows(found.cost_s) == pytest.approx(found.cost_s / 9, rel=1e-6)


def test_the_cost_is_the_models_not_that_of_the_servers_format():
    costs = [0.001, 0.05]
    found = under_latency(line(costs, lambda cost: 0.001, floors=[2 * cost for cost in costs]), seed=1)
    assert found.cost_s == pytest.approx(0.0045, rel=1e-6)


def test_a_wider_interval_of_the_figures_is_a_wider_interval_of_the_crossing():
    spans = []
    for within in (0.005, 0.02):
        found = under_latency(line([0.001, 0.02], lambda cost: 0.0005, within), seed=1)
        assert found.low_s < 0.0045 < found.high_s
        spans.append(found.high_s / found.low_s)
    assert 1 < spans[0] < spans[1]


def test_nothing_is_said_beyond_the_dearest_model():
    found = under_latency(line([0.001, 0.01], lambda cost: 0.005, 0.01), seed=1)
    assert (found.state, found.upper, found.cost_s, found.high_s) == ("not reached", "m1", None, None)


def test_nothing_is_said_below_the_cheapest_model():
    found = under_latency(line([0.001, 0.01], lambda cost: 0.00001, 0.01), seed=1)
    assert (found.state, found.lower, found.cost_s, found.low_s) == ("under", "m0", None, None)


def test_one_model_alone_has_no_crossing():
    assert under_latency(line([0.001], lambda cost: 0.005), seed=1).state == "unknown"
    assert under_latency([], seed=1).state == "unknown"


def test_an_interval_that_reaches_beyond_the_measured_models_is_open():
    found = under_latency(line([0.001, 0.0045], lambda cost: 0.00049, 0.02), seed=1)
    assert found.state == "between"
    assert found.low_s is not None
    assert found.high_s is None


def test_a_server_that_comes_to_matter_again_has_not_stopped_mattering():
    parts = {0.001: 0.001, 0.01: 0.0005, 0.1: 0.02}
    assert under_latency(line(list(parts), parts.get), seed=1).state == "not reached"
    parts[0.1], parts[1.0] = 0.02, 0.02
    found = under_latency(line(list(parts), parts.get), seed=1)
    assert (found.lower, found.upper) == ("m2", "m3")


def test_against_formats_the_crossing_is_where_both_take_equally_long():
    """Formats that differ by half the cost, a server that adds 2 ms: equal at 4 ms."""
    costs = [0.001, 0.008]
    found = under_formats(line(costs, lambda cost: 0.002, formats=1.5), seed=1)
    assert found.cost_s == pytest.approx(0.004, rel=1e-6)


def test_models_without_a_difference_between_formats_take_no_part():
    assert under_formats(line([0.001, 0.1], lambda cost: 0.002), seed=1).state == "unknown"


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Figures that are off by a lognormal error, which their intervals know, 300 times over."""
    rng, held, costs, server_s, error = np.random.default_rng(5), 0, [0.0005, 0.003, 0.02], 0.0006, 0.015
    for _ in range(300):
        off = np.exp(error * rng.standard_normal((2, len(costs))))
        path = []
        for cost, floor_off, ratio_off in zip(costs, *off, strict=True):
            known = [exactly(v, 1.96 * error) for v in (cost * floor_off, (cost + server_s) / cost * ratio_off)]
            path.append(At("m", known[0], known[0], known[1]))
        found = under_latency(path, seed=1)
        held += (found.low_s or 0) < 9 * server_s < (found.high_s or math.inf)
    assert 0.92 <= held / 300 <= 0.99


@pytest.mark.parametrize(("server", "protocol"), [("flask", "rest"), ("torchserve", "rest"), ("torchserve", "grpc")])
def test_the_true_crossing_of_made_runs_lies_in_the_interval(sound, server, protocol):
    (found,) = [x.latency for x in sound.lines if (x.server, x.protocol) == (server, protocol)]
    truth = 9 * overhead_s(server, protocol)
    assert found.state == "between"
    assert found.low_s < truth < found.high_s
    assert found.cost_s == pytest.approx(truth, rel=0.35)


def test_the_true_crossing_of_a_format_that_is_not_the_fastest_lies_in_the_interval(sound):
    for protocol in ("rest", "grpc"):
        (found,) = [x.latency for x in sound.lines if (x.server, x.protocol) == ("tfserving-embedded", protocol)]
        truth = 9 * overhead_s("tfserving-embedded", protocol) / TIMES["frozen_graph"]
        assert found.low_s < truth < found.high_s


def test_the_difference_between_formats_is_crossed_where_it_truly_is(sound):
    """Static formats differ by 0.6 times the cost."""
    for protocol in ("rest", "grpc"):
        (found,) = [x.formats for x in sound.lines if (x.server, x.protocol) == ("torchserve", protocol)]
        assert found.low_s < overhead_s("torchserve", protocol) / 0.6 < found.high_s
