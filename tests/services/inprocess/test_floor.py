from __future__ import annotations

import numpy as np
import pytest

from models.golden import Golden
from services.inprocess import floor

rng = np.random.default_rng(3)
OUTPUTS = rng.dirichlet(np.ones(10), 8).astype(np.float32)
GOLDEN = Golden(rng.random((8, 4), dtype=np.float32), OUTPUTS, OUTPUTS.argmax(axis=1))


def right(batch: np.ndarray) -> np.ndarray:
    """The golden output of each golden input."""
    return np.stack([OUTPUTS[np.flatnonzero((GOLDEN.inputs == row).all(axis=1))[0]] for row in batch])


def test_right_answers_agree() -> None:
    assert floor.check(right, GOLDEN) == floor.Agreement(8, 0, 0.0, 1.0)


@pytest.mark.parametrize(("wrong_by", "wrong"), [(5e-6, 0), (2e-5, 8), (np.nan, 8), (np.inf, 8)])
def test_wrong_answers_are_counted(wrong_by: float, wrong: int) -> None:
    agreement = floor.check(lambda batch: right(batch) + np.float32(wrong_by), GOLDEN)
    assert agreement.answers_checked == 8
    assert agreement.wrong_answers == wrong
    assert np.isfinite(agreement.max_abs_error)
    assert agreement.max_abs_error >= 4e-6


def test_another_class_is_wrong_however_close() -> None:
    tie = Golden(GOLDEN.inputs[:1], np.array([[0.5, 0.5 - 1e-7]], np.float32), np.zeros(1, np.int64))
    agreement = floor.compare({0: np.array([[0.5 - 1e-7, 0.5]], np.float32)}, tie)
    assert (agreement.wrong_answers, agreement.top1_agreement) == (1, 0.0)


def test_window_records_every_call_and_keeps_answers_of_its_own_inputs() -> None:
    calls: list[np.ndarray] = []

    def predict(batch: np.ndarray) -> np.ndarray:
        calls.append(batch)
        return right(batch)

    window = floor.measure(predict, GOLDEN, 0.1)
    timed = calls[floor.WARM_CALLS :]
    assert len(timed) == len(window.latency_s) == len(window.start_s)
    assert (np.diff(window.start_s) > 0).all()
    assert (window.latency_s > 0).all()
    assert window.latency_s.sum() <= window.duration_s
    assert floor.compare(window.kept, GOLDEN).wrong_answers == 0
    assert all(batch.shape == (1, 4) and batch.flags.c_contiguous for batch in calls)


@pytest.mark.parametrize("batch", [3, 8, 20])
def test_batches_go_round_the_golden_inputs_and_every_row_is_compared(batch: int) -> None:
    inputs = floor.batches(GOLDEN, batch)
    assert all(rows.shape == (batch, 4) and rows.flags.c_contiguous for rows in inputs)
    answers = {call: right(inputs[call % len(inputs)]) for call in (0, 7, 8, 30)}
    assert floor.compare(answers, GOLDEN, batch) == floor.Agreement(4 * batch, 0, 0.0, 1.0)
    answers[7] = answers[7] + np.float32(1e-3)
    assert floor.compare(answers, GOLDEN, batch).wrong_answers == batch
