"""What the user cut short is measured again: known by its code, whatever is said of it."""

import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.measure.runner import forget_interrupted
from serveoff.record.problems import StartCode
from serveoff.record.suite import load_suite
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import Scenario, write_run

ENDPOINT = "flask-null-rest"


@pytest.fixture
def suite(tmp_path):
    return load_suite(write_run(tmp_path / "run", Scenario(only=(ENDPOINT,), rounds=2)))


def rounds(suite):
    return {window.round for window in suite.endpoint(ENDPOINT).windows}


def test_a_round_that_the_user_cut_short_is_forgotten(suite):
    suite.endpoint(ENDPOINT).windows[-1].problems.append(problem(WindowCode.INTERRUPTED, "abgebrochen"))
    forget_interrupted(suite)
    assert rounds(suite) == {1}


def test_a_round_whose_server_ended_stays_even_if_its_last_words_speak_of_an_interrupt(suite):
    suite.endpoint(ENDPOINT).windows[-1].problems.append(problem(WindowCode.SERVER_ENDED, "interrupted by a signal"))
    forget_interrupted(suite)
    assert rounds(suite) == {1, 2}


def test_what_could_not_be_measured_is_tried_again(suite):
    suite.endpoint(ENDPOINT).unavailable = problem(StartCode.TIMED_OUT, "it did not become ready")
    forget_interrupted(suite)
    assert suite.endpoint(ENDPOINT).unavailable is None
