import json

import numpy as np
import pytest

from serveoff.loadtests import answer_check
from serveoff.loadtests.answer_check import MOST_BYTES, Verified
from serveoff.loadtests.payloads import json_rows
from serveoff.models.agreement import TOLERANCE, UNSEEN
from tests.loadtests.payloads.models import TWO, model, tensor

SPEC = model(tensor("x"), outputs=(tensor("scores", "float32", 3),))
EXPECTED = [{"scores": np.float32([[0.7, 0.2, 0.1]])}, {"scores": np.float32([[0.1, 0.1, 0.8]])}]


def answer(*rows):
    return json.dumps({"predictions": [[float(x) for x in row] for row in rows]}).encode()


def compare(kept, expected=EXPECTED, spec=SPEC, lenience=1.0):
    return answer_check.compare(kept, expected, json_rows, spec, lenience=lenience)


def test_golden_answers_agree():
    kept = [(i, answer(*EXPECTED[i]["scores"])) for i in (0, 1, 1)]
    agreement = compare(kept)
    assert (agreement.checked, agreement.wrong, agreement.first_fault) == (3, 0, "")
    assert agreement.max_abs_error == 0.0


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (answer([0.7 + 8 * TOLERANCE, 0.2, 0.1]), "is off by 8e-05 (8 times what is allowed)"),
        (answer([0.7, 0.2]), "scores has shape (1, 2), expected (1, 3)"),
        (answer([0.7, 0.2, 0.1], [0.7, 0.2, 0.1]), "scores has shape (2, 3), expected (1, 3)"),
        (b'{"predictions": [[NaN, 0.2, 0.1]]}', "cannot be read"),
        (b'{"predictions": [[null, 0.2, 0.1]]}', "not a finite number"),
        (b"oops", "cannot be read"),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(given, fault):
    agreement = compare([(0, given)])
    assert (agreement.checked, agreement.wrong) == (1, 1)
    assert fault in agreement.first_fault
    assert agreement.first_fault.startswith("input 0")


def test_an_unseen_input_may_round_a_little_worse_than_the_golden_ones():
    for times, lenience, wrong in ((3, UNSEEN, 0), (5, UNSEEN, 1), (3, 1.0, 1)):
        assert compare([(0, answer([0.7 + times * TOLERANCE, 0.2, 0.1]))], lenience=lenience).wrong == wrong


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (answer([0.6, 0.3, 0.1]), 0),
        (answer([0.1, 0.2, 0.7]), 0),
        (answer([0.7, 0.2]), 1),
        (b'{"predictions": [[null, 0.2, 0.1]]}', 1),
        (b"oops", 1),
    ],
)
def test_answers_of_a_lower_precision_must_be_numbers_and_their_error_is_told(given, wrong):
    verified = Verified(golden=False)
    verified.offer(0, given)
    found = verified.judge(EXPECTED, json_rows, SPEC)
    assert (found.checked, found.wrong) == (1, wrong)
    assert wrong or found.max_abs_error >= 0.1 - 1e-6


def test_another_top_class_is_said_and_is_none_where_only_rounding_told_the_two_apart():
    expected = [{"scores": np.float32([[0.5, 0.501]])}]
    wrong = compare([(0, answer([0.501, 0.5]))], expected)
    assert wrong.first_fault == "input 0: is off by 0.001 (100 times what is allowed), and has another top-1 class"
    assert compare([(0, answer([0.500001, 0.5]))], [{"scores": np.float32([[0.5, 0.500001]])}]).wrong == 0


def test_what_is_allowed_grows_with_the_rows_largest_number():
    expected = [{"scores": np.float32([[0.1, -1000.0, 0.0]])}]
    close = compare([(0, answer([0.1, -1000.0, 0.009]))], expected)
    assert (close.wrong, close.max_abs_error) == (0, pytest.approx(0.009))
    assert compare([(0, answer([0.1, -1000.0, 0.044]))], expected).wrong == 1


def test_of_several_outputs_each_is_held_to_what_its_dtype_allows():
    expected = [{"scores": np.float32([[1000.0, 0, 0]]), "known": np.array([True])}]
    near, known, unknown = ([1000.009, 0, 0], True, False)

    def said(scores, flag):
        return json.dumps({"predictions": [{"scores": scores, "known": flag}]}).encode()

    assert compare([(0, said(near, known))], expected, TWO).wrong == 0
    assert compare([(0, said([1000.08, 0, 0], known))], expected, TWO).wrong == 1
    wrong = compare([(0, said(near, unknown))], expected, TWO)
    assert wrong.first_fault == "input 0: is off by 1 (it must be equal)"


def judged(verified, expected=EXPECTED):
    return verified.judge(expected, json_rows, SPEC)


GOOD = [answer(*row["scores"]) for row in EXPECTED]
WRONG = answer([0.1, 0.2, 0.7])


def test_one_wrong_answer_in_thousands_is_found_in_whatever_slice():
    verified = Verified()
    for number in range(3):
        verified.begin()
        for i in range(2000):
            verified.offer(i % 2, WRONG if (number, i) == (2, 777) else GOOD[i % 2])
        found = judged(verified)
        assert (found.checked, found.wrong) == (2000, int(number == 2))
    assert found.first_fault.startswith("input 1: is off by")


def test_bytes_that_were_right_are_right_for_their_own_input_only():
    verified = Verified()
    verified.offer(0, GOOD[0])
    assert judged(verified).wrong == 0
    verified.begin()
    verified.offer(0, GOOD[0])
    verified.offer(1, GOOD[0])
    found = judged(verified)
    assert (found.checked, found.wrong) == (2, 1)


def test_what_was_right_once_is_not_read_again(monkeypatch):
    read = []
    monkeypatch.setattr(answer_check, "_judge", lambda answer, *_: (read.append(answer), ("", 1e-9))[1])
    verified = Verified()
    for _ in range(5):
        verified.begin()
        for _ in range(100):
            verified.offer(0, GOOD[0])
        found = judged(verified)
        assert (found.checked, found.max_abs_error) == (100, 1e-9)
    assert read == [GOOD[0]]


def test_wrong_answers_are_wrong_each_time_and_what_is_kept_is_bounded():
    verified = Verified()
    for _ in range(2):
        verified.begin()
        verified.offer(0, WRONG)
        assert judged(verified).wrong == 1
    large = bytes(MOST_BYTES // 4)
    for _ in range(10):
        verified.offer(0, large)
    assert len(verified.unknown) == 5


def test_nothing_kept_is_nothing_checked():
    assert compare([]).max_abs_error is None
