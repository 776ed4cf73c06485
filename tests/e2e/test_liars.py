"""Servers that stall, answer wrongly or remember answers are seen, and never look better than they serve."""

from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from rich.console import Console

from benchmarks.twins import Pair
from serveoff.analyse.analysis import analyse
from serveoff.analyse.race import look
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.runtimes import local
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.models.isolation import isolated

HONEST, DYNAMIC = "flask-torchscript", "flask-keras-eager"
LAUNCHER = "odd_flask"


@contextmanager
def registered(honest, oddity):
    """The registry with the odd one in it, whose launcher is started by its path."""

    def command(module, *arguments):
        ours = isolated(module, *arguments)
        return [*ours[:-2], str(Path(__file__).with_name("odd_flask.py"))] if module == LAUNCHER else ours

    pair = Pair(honest, f"{honest}-odd", {"ODDITY": oddity}, launcher=LAUNCHER)
    with pair.registered(), patch.object(local, "isolated", command):
        yield


@pytest.fixture
def compared(model_dir, monkeypatch, tmp_path):
    """The points of an honest server and of an odd one under one caller, and the odd one's place."""

    def run(oddity, rounds, honest=HONEST, *more):
        monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path))
        cpus = plan_cpus()
        cores = {"server_cpus": list(cpus.server), "client_cpus": list(cpus.client)}
        endpoints = [honest, f"{honest}-odd", *more]
        settings = run_settings(
            "quick", model="digits_cnn", endpoints=endpoints, concurrencies=[1], rounds=rounds, seed=1, **cores
        )
        with registered(honest, oddity):
            run_lifecycle.prepare(settings, Console(quiet=True))
            folder = run_lifecycle.begin(settings)
            run_lifecycle.carry_out(folder, Console(quiet=True), look)
        found = analyse(folder).comparison
        odd = found.entry(f"{honest}-odd-rest")
        return found.entry(f"{honest}-rest").alone, odd.alone, odd.rank

    return run


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.slow
@pytest.mark.alone
def test_a_server_that_answers_nothing_for_whole_windows_does_not_count(compared):
    honest, odd, _ = compared("clock:2:1.2", 16)
    (reason,) = odd.verdict.reasons
    assert reason.code == "stalled"
    assert "had no request to count" in reason.seen
    assert "stalled" not in codes(honest.verdict.findings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("every", "seconds", "rounds"),
    [
        (50, 1.5, 5),
        *(
            pytest.param(*one, marks=pytest.mark.long)
            for one in ((80, 1, 8), (10, 1.5, 3), (60, 5, 6), (40, 20, 4), (1000, 5, 100))
        ),
    ],
)
def test_requests_that_hang_cost_their_time_and_are_named(compared, every, seconds, rounds):
    """Of every so many one takes so much longer, however quick the others are; a slice has at least ten."""
    _, odd, _ = compared(f"hang:{every}:{seconds}", rounds)
    assert {"stalled", "errors"} & set(codes(odd.verdict.findings))
    assert not odd.valid or odd.throughput.low < every / seconds


@pytest.mark.slow
@pytest.mark.long
def test_an_answer_that_never_ends_costs_its_time_out_and_is_the_server_s(compared):
    """By its errors where it began in a window, and by the windows that it left empty where it began before one."""
    honest, odd, rank = compared("drip:40", 6)
    (reason, *_) = odd.verdict.reasons
    assert (reason.code, "timed out" in reason.seen) in [("errors", True), ("stalled", False)], reason
    assert rank is None
    assert honest.valid, honest.verdict


@pytest.mark.slow
def test_one_wrong_answer_in_five_hundred_is_seen(compared):
    honest, odd, rank = compared("wrong:500", 60)
    assert "wrong answers" in codes(odd.verdict.reasons)
    assert 0 < odd.wrong_answers < odd.answers_checked / 250
    assert odd.answers_checked >= odd.samples, "all that counts is checked"
    assert (rank, honest.wrong_answers) == (None, 0)


@pytest.mark.slow
def test_a_server_that_knows_the_golden_answers_by_heart_answers_wrongly_under_load(compared):
    honest, odd, rank = compared("by heart", 6)
    assert "wrong answers" in codes(odd.verdict.reasons)
    assert odd.wrong_answers > 0.9 * odd.answers_checked
    assert rank is None
    assert honest.valid, honest.verdict
    assert honest.answers_checked > 0


@pytest.mark.slow
def test_a_server_that_remembers_its_answers_is_faster_than_the_model(compared):
    honest, odd, rank = compared("remembers", 13, DYNAMIC, "inprocess-keras-eager")
    (reason,) = odd.verdict.reasons
    assert reason.code == "faster than the model itself"
    assert rank is None
    assert honest.valid, honest.verdict
