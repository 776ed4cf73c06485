"""The gate of attached endpoints, whatever they answer."""

import numpy as np
import pytest

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import as_read, reading
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.endpoints import Target
from serveoff.measure.attached import gate
from serveoff.models.spec import TensorSpec

TOKEN = "sesame-open-1234"
EXCHANGE = Exchange(dialect="tfserving", bodies=(b"{}",), headers={"Authorization": f"Bearer {TOKEN}"})
TARGET = Target("prod", "rest", "127.0.0.1", 1, "m", "", "/p")


def test_an_answer_that_repeats_a_token_leaves_it_in_no_problem(monkeypatch):
    echo = reading({"said": TOKEN, "score": 1.0})
    monkeypatch.setattr(gate, "answers", lambda *_: gate.Answers([echo], 0.1, 99))
    found, _ = gate.check(TARGET, EXCHANGE, [{"answer": np.ones((1, 1))}])
    assert found.problem.text.startswith("1 of 1 samples are answered otherwise; sample 0: the outputs are said='…', ")


def test_nor_does_it_in_what_is_said_of_answers_under_load():
    pool = pool_of(EXCHANGE.expecting([reading([1.0])]))
    verified = Verified()
    for answer in (b'{"predictions": ["%s"]}' % TOKEN.encode(), b'{"%s": 1}' % TOKEN.encode()):
        verified.offer(0, answer)
        judged = verified.judge(pool.expected, pool.payload, pool.spec)
        assert judged.wrong
        assert TOKEN not in pool.shown(judged.first_fault)
        verified.begin()


def answering(monkeypatch, *found):
    """Every time it is asked, the endpoint answers these documents."""
    monkeypatch.setattr(gate, "answers", lambda *_: gate.Answers(list(map(reading, found)), 0.1, 99))


def judged_under_load(answer, right, exchange=EXCHANGE):
    pool, verified = pool_of(exchange.expecting([reading(right)])), Verified()
    verified.offer(0, answer)
    return verified.judge(pool.expected, pool.payload, pool.spec)


def test_what_was_computed_in_a_coarse_precision_may_be_further_off(monkeypatch):
    halves = TensorSpec(name="scores", shape=(-1, 2), dtype="float32", precision="float16")
    coarse = EXCHANGE.model_copy(update={"tensors": as_read([halves])})
    answering(monkeypatch, [0.5, 0.252])
    for exchange, passed in ((coarse, True), (EXCHANGE, False)):
        assert gate.check(TARGET, exchange, [reading([0.5, 0.25])])[0].passed == passed
        judged = judged_under_load(b'{"predictions": [[0.5, 0.252]]}', [0.5, 0.25], exchange)
        assert judged.wrong == (not passed)


@pytest.mark.parametrize(("answer", "passed"), [([2e-7, 3e-7], True), ([2.1e-7, 3e-7], True), ([0.0, 0.0], False)])
def test_zeros_are_no_answer_where_all_right_ones_are_small(monkeypatch, answer, passed):
    answering(monkeypatch, answer)
    assert gate.check(TARGET, EXCHANGE, [reading([2e-7, 3e-7])])[0].passed == passed
    text = b'{"predictions": %a}' % answer
    assert judged_under_load(text, [2e-7, 3e-7]).wrong == (not passed)


@pytest.mark.parametrize(("answer", "passed"), [(0.99999994, True), (1, True), (0.99, False), (2, False)])
def test_a_float_that_json_wrote_without_a_point_is_one_still(monkeypatch, answer, passed):
    answering(monkeypatch, {"score": answer})
    assert gate.check(TARGET, EXCHANGE, [reading({"score": 1})])[0].passed == passed
    assert judged_under_load(b'{"predictions": [%a]}' % answer, 1).wrong == (not passed)


def test_a_reference_that_answers_nan_is_told_so(monkeypatch):
    answering(monkeypatch, [0.5, 0.25], [float("nan"), 0.25])
    found, readings = gate.reference(TARGET, EXCHANGE)
    assert (found.passed, readings) == (False, None)
    assert found.problem.text == "it answers NaN to sample 1, which no answer can be equal to"


def test_a_reference_that_is_restless_is_told_so(monkeypatch):
    asked = iter(([reading([0.5])], [reading([0.75])]))
    monkeypatch.setattr(gate, "answers", lambda *_: gate.Answers(next(asked), 0.1, 99))
    found, _ = gate.reference(TARGET, EXCHANGE)
    assert found.problem.text.startswith("it answers the same input differently each time: ")


def test_another_that_answers_nan_is_told_so(monkeypatch):
    answering(monkeypatch, [float("nan"), 0.25])
    found, _ = gate.check(TARGET, EXCHANGE, [reading([0.5, 0.25])])
    assert "sample 0: an answer that is no number" in found.problem.text
