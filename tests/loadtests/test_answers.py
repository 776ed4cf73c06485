import json

import numpy as np
import pytest

from loadtests.answers import Reservoir, compare
from loadtests.payloads import json_rows
from models.golden import TOLERANCE

EXPECTED = np.float32([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])


def answer(row):
    return json.dumps({"predictions": [[float(x) for x in row]]}).encode()


def test_everything_is_kept_while_there_is_room():
    reservoir = Reservoir(10, seed=1)
    for i in range(7):
        reservoir.offer(float(i), i, b"")
    assert [index for _, index, _ in reservoir.kept] == list(range(7))


def test_the_sample_is_capped_seeded_and_spread_evenly():
    def draw(seed):
        reservoir = Reservoir(50, seed)
        for i in range(1000):
            reservoir.offer(0.0, i, b"")
        return [index for _, index, _ in reservoir.kept]

    assert draw(3) == draw(3) != draw(4)
    drawn = np.concatenate([draw(seed) for seed in range(200)])
    assert len(drawn) == 200 * 50
    # Each tenth of the stream should get a tenth of 10,000; six standard deviations are 180.
    assert np.abs(np.histogram(drawn, bins=10, range=(0, 1000))[0] - 1000).max() < 180


def test_a_cleared_reservoir_begins_again():
    reservoir = Reservoir(2, seed=1)
    for i in range(100):
        reservoir.offer(0.0, i, b"")
    kept = reservoir.kept
    reservoir.clear()
    reservoir.offer(0.0, 7, b"")
    assert [index for _, index, _ in reservoir.kept] == [7]
    assert len(kept) == 2


def test_golden_answers_agree():
    kept = [(0.0, i, answer(EXPECTED[i])) for i in (0, 1, 1)]
    agreement = compare(kept, EXPECTED[:, None], json_rows)
    assert (agreement.checked, agreement.wrong, agreement.first_fault) == (3, 0, "")
    assert agreement.max_abs_error == 0.0


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (answer([0.7 + 2 * TOLERANCE, 0.2, 0.1]), "is off by"),
        (answer([0.7, 0.2]), "has shape"),
        (b'{"predictions": [[NaN, 0.2, 0.1]]}', "cannot be read"),
        (b'{"predictions": [[null, 0.2, 0.1]]}', "not a finite number"),
        (b"oops", "cannot be read"),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(given, fault):
    agreement = compare([(0.0, 0, given)], EXPECTED[:, None], json_rows)
    assert (agreement.checked, agreement.wrong) == (1, 1)
    assert fault in agreement.first_fault
    assert agreement.first_fault.startswith("input 0")


def test_an_answer_with_another_top_class_is_wrong_however_close():
    expected = np.float32([[0.5, 0.500001]])
    agreement = compare([(0.0, 0, answer([0.500001, 0.5]))], expected[:, None], json_rows)
    assert agreement.wrong == 1
    assert agreement.max_abs_error < TOLERANCE


def test_nothing_kept_is_nothing_checked():
    assert compare([], EXPECTED[:, None], json_rows).max_abs_error is None
