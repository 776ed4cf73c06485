"""The search for the edge, on servers that hold up to a known rate."""

import random

import pytest

from serveoff.loadtests.search import seek


def probes(edge, low=100.0, high=1000.0, number=9, noise=0.0, seed=1):
    """The rates that a search asks of a server whose objective holds below `edge`."""
    asked, rng = [], random.Random(seed)

    def holds(rate):
        asked.append(rate)
        return rate < edge * (1 + noise * rng.gauss(0, 1))

    seek(low, high, number, holds)
    return asked


@pytest.mark.parametrize("edge", [130, 250, 400, 700, 950])
def test_the_edge_is_closed_in_on_and_then_repeated(edge):
    asked = probes(edge)
    assert len(asked) == 9
    below, above = max(r for r in asked if r < edge), min(r for r in asked if r >= edge)
    assert above / below < 1.1
    assert asked[-3:] == [below, above, below]


def test_a_server_that_holds_everything_is_asked_for_more():
    asked = probes(float("inf"))
    assert max(asked) > 1000
    assert asked == sorted(asked)


def test_a_server_that_holds_nothing_is_asked_for_less_and_less():
    asked = probes(0)
    assert asked[:6] == sorted(asked[:6], reverse=True)
    assert min(asked) < 110


def test_noise_at_the_edge_does_not_lead_far_astray():
    for seed in range(20):
        asked = probes(400, noise=0.05, seed=seed)
        assert min(abs(rate / 400 - 1) for rate in asked) < 0.2
