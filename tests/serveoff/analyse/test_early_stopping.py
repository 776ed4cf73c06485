"""A run that may end early: when it does, and that looking at it often does not make differences of nothing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, norm

from serveoff.analyse.analysis import analyse, evidence_so_far
from serveoff.analyse.early_stopping import DECIDING, MIN_POINTS, clear, reason_to_stop
from serveoff.analyse.entries import Candidate, Contest
from serveoff.analyse.statistics.alpha_spending import price
from serveoff.analyse.statistics.bootstrap import Estimate, Sampled, all_pairs, ratio, round_noise, simultaneous
from serveoff.analyse.verdict import difference
from serveoff.analyse.winners import decide_all
from serveoff.record.settings import RunSettings
from serveoff.record.suite import load_suite, save_suite
from serveoff.report import write_all
from tests.serveoff.synthetic import Scenario, write_run

ONE, TWO, CLOSE = "flask-torchscript-rest", "flask-savedmodel-rest", "flask-torch-eager-rest"
NOTHING = Estimate(1.0, 0.9, 1.1, 100)


def answers(**outcomes):
    candidate = Candidate("a", NOTHING)
    return [Contest(name, "all", candidate, candidate, NOTHING, said, (), 2) for name, said in outcomes.items()]


def settings(**changes):
    values = {"model": "m", "profile": "default", "runtime": "local", "endpoints": [], "concurrencies": [1], "seed": 1}
    values |= {"window_s": 1.0, "warmup_s": 1.0, "rounds": 5, "server_cpus": [0], "client_cpus": [1]}
    return RunSettings(**values | changes)


@pytest.mark.parametrize(
    ("outcomes", "stops"),
    [
        ({"latency": "better", "throughput": "tie", "cost": "better"}, True),
        ({"latency": "better", "throughput": "inconclusive", "cost": "better"}, False),
        ({"latency": "better", "throughput": "better"}, False),
        ({"latency": "unopposed", "throughput": "unopposed", "cost": "unopposed"}, False),
        ({"latency": "better", "tail": "inconclusive", "throughput": "better", "cost": "tie"}, True),
        ({}, False),
    ],
)
def test_a_run_is_clear_once_latency_throughput_and_cost_are_decided(outcomes, stops):
    said = clear(answers(**outcomes))
    assert bool(said) == stops
    assert not stops or all(objective in said for objective in DECIDING)


def test_every_round_from_the_second_is_a_look_where_the_run_may_end_early():
    assert settings().looks == 1
    assert settings(until_clear=True).looks == 4
    assert settings(until_clear=True, rounds=2).looks == 1
    assert settings(until_clear=True, rounds=1).looks == 1


def going_on(folder, until_clear=True, rounds=3, points=6, other=TWO, **scenario):
    """A run of three rounds of which two were measured."""
    write_run(
        folder,
        Scenario(only=(ONE, other), rounds=2, concurrencies=(1, 2, 3, 4, 8, 16)[:points], window_s=0.5, **scenario),
    )
    suite = load_suite(folder)
    suite.settings = suite.settings.model_copy(update={"rounds": rounds, "until_clear": until_clear})
    suite.complete = False
    save_suite(folder, suite)
    return folder


def test_a_run_whose_winner_is_clear_may_stop_and_says_what_was_clear(tmp_path):
    folder = going_on(tmp_path / "run", round_drift=0.002)
    reason = reason_to_stop(folder, 2, 3)
    assert reason == (
        "after round 2 of 3: a clear winner in latency, a clear winner in throughput, a clear winner in cost"
    )


def test_a_run_that_is_not_clear_goes_on(tmp_path):
    folder = going_on(tmp_path / "run", other=CLOSE, round_drift=0.05)
    assert reason_to_stop(folder, 2, 3) == ""


def test_a_run_of_few_points_goes_on_however_clear_it_looks(tmp_path):
    assert reason_to_stop(going_on(tmp_path / "run", points=3, round_drift=0.002), 2, 3) == ""


def test_answers_of_a_run_that_may_stop_are_less_sure_for_every_look(tmp_path):
    once = decide_all(evidence_so_far(going_on(tmp_path / "once", until_clear=False)))[0].margin
    often = decide_all(evidence_so_far(going_on(tmp_path / "often", rounds=5)))[0].margin
    assert once.value == often.value
    assert often.low < once.low < once.high < often.high


def test_a_run_that_stopped_early_lacks_no_round_and_every_report_says_so(tmp_path):
    folder = going_on(tmp_path / "run", round_drift=0.002)
    suite = load_suite(folder)
    suite.complete, suite.stopped_after = True, 2
    suite.stopped_early = reason_to_stop(folder, 2, 3)
    save_suite(folder, suite)
    comparison = analyse(folder).comparison
    assert all(point.valid for point in comparison.points)
    written = write_all(comparison, tmp_path / "report")
    for form in ("html", "markdown", "json"):
        assert suite.stopped_early in written[form].read_text(), form
    unstopped = replace(comparison, suite=suite.model_copy(update={"stopped_after": None, "stopped_early": ""}))
    assert unstopped.suite.rounds == 3


def point(random, rounds, within=0.02):
    """A statistic over the rounds so far, as its bootstrap would give it: blocks and rounds each add an error."""
    value, blocks = float(np.exp(rounds.mean())), within / np.sqrt(rounds.size)
    return Sampled(value, value * np.exp(random.normal(0, blocks, 300)), np.exp(rounds), 20 * rounds.size, 1000)


def called_different(seed, endpoints, points, rounds, drift, pays=True):
    """Whether any look, from the second round on, calls the best of equal endpoints better than the one behind it."""
    random, run = np.random.default_rng(seed), settings(until_clear=True, rounds=rounds)
    truths = random.normal(0, np.hypot(0.02, drift), (points, rounds))
    for seen in range(2, rounds + 1):
        sampled = [point(random, truth[:seen]) for truth in truths]
        best, other, *_ = sorted(sampled[:endpoints], key=lambda s: s.value)
        comparisons = all_pairs(endpoints) * (price(run, seen) if pays else 1)
        if difference(simultaneous(ratio(other, best, round_noise(sampled)), comparisons)) == "better":
            return True
    return False


@pytest.mark.parametrize("drift", [0.0, 0.03])
@pytest.mark.parametrize("endpoints", [2, 5])
def test_looking_after_every_round_does_not_make_equal_endpoints_different(endpoints, drift):
    """In at most 5% of 600 runs of three rounds; by chance up to 7.3% would be no contradiction (binomial, 99%)."""
    found = np.mean([called_different(seed, endpoints, MIN_POINTS, 3, drift) for seed in range(600)])
    assert found <= binom.ppf(0.99, 600, 0.05) / 600


def test_without_paying_for_looks_equal_endpoints_are_called_different_more_often():
    runs = range(400)
    paid, free = (np.mean([called_different(s, 2, MIN_POINTS, 5, 0.03, pays) for s in runs]) for pays in (True, False))
    assert paid <= binom.ppf(0.99, 400, 0.05) / 400
    assert free > max(0.06, 1.5 * paid)


def test_all_looks_together_spend_the_error_and_the_last_one_most_of_it():
    run = settings(until_clear=True)
    shares = [1 / price(run, seen) for seen in (2, 3, 4, 5)]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares)
    assert price(settings(), 3) == 1.0


def test_the_spending_is_that_of_lan_and_demets():
    """Their function for two equal looks spends 0.0056 of 0.05 at the first (Jennison and Turnbull 2000)."""
    assert 0.05 / price(settings(until_clear=True, rounds=4), 2) == pytest.approx(
        2 * norm.sf(1.96 / 0.5**0.5), rel=1e-3
    )
