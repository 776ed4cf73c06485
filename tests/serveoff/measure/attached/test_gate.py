"""The gate of attached endpoints, whatever they answer."""

import numpy as np

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.endpoints import Target
from serveoff.measure.attached import gate

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
