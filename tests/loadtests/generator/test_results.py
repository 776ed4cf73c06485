"""What a slice's requests come to, by hand-made ones."""

import base64
import math
from types import SimpleNamespace

import numpy as np
import pytest

from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator import results
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.recording import PATIENCE_S, Recording
from serveoff.loadtests.generator.results import _busy_s, done
from serveoff.loadtests.loads import parse_load
from serveoff.loadtests.pools import make_pool
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.protocols.framing import bare
from serveoff.loadtests.recording.windows import Window

TARGET = Target("e", "rest", "127.0.0.1", 1, "digits_cnn", "torchscript", "/p")


@pytest.fixture(scope="module")
def requests(pool):
    return make_pool(TARGET, bare, "", 1, pool)


def recording(load="2", lead_in_s=1.0, duration_s=2.0):
    made = Recording(Drive(parse_load(load), lead_in_s, duration_s, 5.0, 1), on_open=lambda: None)
    made.begin(100.0)
    return made


def answer(made, caller, start, latency, status=200, due=None):
    made.record((caller, start if due is None else due, start, latency, status, 0, 30), b"{}")


def window_of(made, requests):
    told = done(made, requests, {})
    assert "round" not in told["window"], "that is whoever asked who knows"
    return Window.model_validate({"round": 1, **told["window"]}), told


def test_an_arrival_of_the_window_is_late_though_the_window_opened_late_too():
    made = recording("constant@10")
    for due in (100.9, 101.0, 101.1):
        made.late(due, 101.5 - due)
    made.turn(101.5)
    made.late(101.6, 0.01)
    assert made.late_s == pytest.approx([0.5, 0.4, 0.01])
    assert made.opened == 101.0


def test_callers_that_wait_for_their_turn_took_the_whole_window(requests):
    """Five a second of 16 callers, who answer at once: their own time would say thousands."""
    made = recording("16", lead_in_s=1.0, duration_s=2.0)
    made.paced = True
    made.turn(101.0)
    for number in range(10):
        answer(made, number, 101.0 + 0.2 * number, 0.005)
    made.turn(103.0)
    window, _ = window_of(made, requests)
    assert (window.requests, window.duration_s) == (10, pytest.approx(2.0))


def test_seconds_are_the_mean_of_the_callers_own_whatever_lies_at_the_edges(requests):
    made = recording()
    for start in (100.4, 100.9):  # the second goes on in the window, and is not of it
        answer(made, 0, start, 0.45)
    assert made.turn(101.0) == pytest.approx(101.05)
    for start in (101.35, 101.85, 102.35, 102.85):
        answer(made, 0, start, 0.45)
    for start in (101.1, 101.6):
        answer(made, 1, start, 0.5)
    made.turn(103.0)
    window, told = window_of(made, requests)
    assert (window.requests, window.errors, window.lead_in_s) == (6, 0, 1.0)
    assert window.duration_s == pytest.approx(((103.30 - 101.35) + (102.1 - 101.1)) / 2)
    measured = np.frombuffer(base64.b64decode(told["rows"]["measured"]), np.uint8)
    assert measured.tolist() == [0, 0, 1, 1, 1, 1, 1, 1]


def test_an_arrival_counts_in_the_window_in_which_it_was_due(requests):
    made = recording("poisson@5")
    made.turn(101.002)
    answer(made, 3, 101.001, 0.1, due=100.999)
    answer(made, 3, 103.5, 0.1, due=102.9)
    made.late(102.9, 0.004)
    made.turn(103.002)
    made.never_sent(102.95, 104.0)
    window, told = window_of(made, requests)
    assert (window.requests, window.errors) == (2, 1)
    assert window.duration_s == 2.0, "by the schedule, whenever it was noticed"
    assert window.late_s == pytest.approx(0.004)
    latency = np.frombuffer(base64.b64decode(told["rows"]["latency_s"]), "<f8")
    assert latency.tolist() == [0.1, 0.1, 0.0]


def test_times_are_epoch_seconds(requests, monkeypatch):
    made = recording()
    now, epoch = 100.0, 1.7e9
    monkeypatch.setattr(results, "time", SimpleNamespace(perf_counter=lambda: now, time=lambda: epoch))
    made.begin(now - 2.0)
    made.turn(now - 1.0)
    answer(made, 0, now - 0.5, 0.1)
    made.turn(now + 2.0)
    window, told = window_of(made, requests)
    start = np.frombuffer(base64.b64decode(told["rows"]["start_s"]), "<f8")
    assert start == pytest.approx([epoch - 0.5], abs=1e-6)
    assert window.start_s == pytest.approx(epoch - 1.0, abs=1e-6)


def test_served_is_what_came_since_the_window_was_said_to_be_open():
    made = recording()
    made.turn(101.0)
    made.told_at = 101.15
    for start, status in ((100.9, 200), (101.1, 200), (101.16, 503), (101.3, 0)):
        answer(made, 0, start, 0.1, status)
    assert made.answered_since_told() == 2, "the good and the bad, and none that never came"


def test_nothing_but_errors_for_a_while_ends_a_window_and_one_good_answer_does_not():
    made = recording(duration_s=60.0)
    made.turn(101.0)
    answer(made, 0, 101.0, 0.1, 503)
    made.turn(101.1 + PATIENCE_S / 2)
    assert made.running
    answer(made, 0, 102.2, 0.1)
    answer(made, 0, 102.5, 0.5, 503)
    made.turn(103.0 + PATIENCE_S * 0.9)
    assert made.running
    now = 103.0 + PATIENCE_S * 1.01
    made.turn(now)
    assert not made.running
    assert made.ended == now
    assert made.problem.code is WindowCode.ONLY_ERRORS


def test_errors_of_the_lead_in_are_not_the_window_s():
    made = recording(lead_in_s=10.0)
    answer(made, 0, 100.0, 0.1, 0)
    made.turn(109.0)
    assert made.running
    made.turn(110.0)
    answer(made, 0, 110.1, 0.1)
    made.turn(112.0)
    assert (made.running, made.problem) == (False, None)


def test_answers_of_the_lead_in_are_checked_too(requests):
    made = recording()
    answer(made, 0, 100.5, 0.1)
    made.turn(101.0)
    answer(made, 0, 101.5, 0.1)
    made.turn(103.0)
    window, _ = window_of(made, requests)
    assert (window.requests, window.answers_checked, window.wrong_answers) == (1, 2, 2), "{} is no answer"
    assert [problem.code for problem in window.problems] == [WindowCode.WRONG_ANSWERS]


def test_a_warm_up_has_rows_and_no_window(requests):
    made = recording(duration_s=0.0)
    answer(made, 0, 100.5, 0.1)
    made.turn(101.0)
    assert (made.running, made.opened) == (False, math.inf)
    window, told = window_of(made, requests)
    assert (window.requests, window.duration_s) == (0, 0.0)
    assert len(base64.b64decode(told["rows"]["start_s"])) == 8


def test_an_empty_slice_is_none_to_stumble_over(requests):
    made = recording()
    made.turn(101.0)
    made.turn(103.0)
    window, told = window_of(made, requests)
    assert (window.requests, window.duration_s, told["served"]) == (0, 0.0, 0)


def test_the_rate_of_few_answers_is_that_of_all_callers():
    """Sixteen callers of a server that takes a second for each, for one second: most of them began no request in it."""
    n = 6
    rows = {"caller": np.arange(n), "start_s": np.linspace(0.0, 0.9, n), "latency_s": np.full(n, 16.0)}
    seconds = _busy_s(rows, np.ones(n, bool), 16)
    assert n / seconds == pytest.approx(1.0), "sixteen callers over sixteen seconds each"
