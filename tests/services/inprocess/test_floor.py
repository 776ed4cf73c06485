from __future__ import annotations

import numpy as np
import pytest

from serveoff.models.agreement import Mismatch
from serveoff.models.golden import Golden
from serveoff.models.tensors import Batch, rows_of
from serveoff.services.inprocess import floor
from tests.services import two_tensors

rng = np.random.default_rng(3)
OUTPUTS = rng.dirichlet(np.ones(10), 8).astype(np.float32)
INPUTS = rng.random((8, 4), dtype=np.float32)
GOLDEN = Golden({"x": INPUTS}, {"p": OUTPUTS}, OUTPUTS.argmax(axis=1))
TWO = Golden(two_tensors.rows(3), two_tensors.predict(two_tensors.rows(3)))


def right(batch: Batch) -> Batch:
    """The golden output of each golden input."""
    return {"p": np.stack([OUTPUTS[np.flatnonzero((row == INPUTS).all(axis=1))[0]] for row in batch["x"]])}


def off_by(error: float) -> floor.Predict:
    return lambda batch: {"p": right(batch)["p"] + np.float32(error)}


def test_right_answers_agree() -> None:
    assert floor.check(right, GOLDEN) == floor.GoldenCheck(8, 0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(("wrong_by", "wrong"), [(5e-6, 0), (2e-5, 8), (np.nan, 8), (np.inf, 8)])
def test_wrong_answers_are_counted(wrong_by: float, wrong: int) -> None:
    agreement = floor.check(off_by(wrong_by), GOLDEN)
    assert agreement.answers_checked == 8
    assert agreement.wrong_answers == wrong
    assert agreement.worst_share == (pytest.approx(wrong_by / 1e-5, rel=0.05) if np.isfinite(wrong_by) else None)
    assert np.isfinite(agreement.max_abs_error)
    assert agreement.max_abs_error >= 4e-6


def test_another_class_is_wrong_unless_rounding_may_have_chosen_it() -> None:
    """The one rule of agreement (serveoff.models.agreement) decides."""
    clear = Golden({"x": INPUTS[:1]}, {"p": np.array([[0.5, 0.4]], np.float32)})
    agreement = floor.compare({0: {"p": np.array([[0.4, 0.5]], np.float32)}}, clear)
    assert (agreement.wrong_answers, agreement.top1_agreement) == (1, 0.0)
    tie = Golden({"x": INPUTS[:1]}, {"p": np.array([[0.5, 0.5 - 1e-7]], np.float32)})
    assert floor.compare({0: {"p": np.array([[0.5 - 1e-7, 0.5]], np.float32)}}, tie).wrong_answers == 0


def test_answers_of_another_shape_or_name_are_no_answers() -> None:
    for answer in ({"p": OUTPUTS[:1, :3]}, {"q": OUTPUTS[:1]}):
        with pytest.raises(Mismatch):
            floor.compare({0: answer}, GOLDEN)


def test_window_records_every_call_and_keeps_answers_of_its_own_inputs() -> None:
    calls: list[Batch] = []

    def predict(batch: Batch) -> Batch:
        calls.append(batch)
        return right(batch)

    window = floor.measure(predict, GOLDEN, 0.1)
    timed = calls[floor.WARM_CALLS :]
    assert len(timed) == len(window.latency_s) == len(window.start_s)
    assert (np.diff(window.start_s) > 0).all()
    assert (window.latency_s > 0).all()
    assert window.latency_s.sum() <= window.duration_s
    assert floor.compare(window.kept, GOLDEN).wrong_answers == 0
    assert all(batch["x"].shape == (1, 4) and batch["x"].flags.c_contiguous for batch in calls)


@pytest.mark.parametrize("batch", [3, 8, 20])
def test_batches_go_round_the_golden_inputs_and_every_row_is_compared(batch: int) -> None:
    inputs = floor.batches(GOLDEN, batch)
    assert all(rows["x"].shape == (batch, 4) and rows["x"].flags.c_contiguous for rows in inputs)
    answers = {call: right(inputs[call % len(inputs)]) for call in (0, 7, 8, 30)}
    assert floor.compare(answers, GOLDEN, batch) == floor.GoldenCheck(4 * batch, 0, 0.0, 1.0, 0.0)
    answers[7] = {"p": answers[7]["p"] + np.float32(1e-3)}
    assert floor.compare(answers, GOLDEN, batch).wrong_answers == batch


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_several_inputs_and_outputs_and_few_golden_rows(batch: int) -> None:
    no_classes = None
    assert floor.check(two_tensors.predict, TWO) == floor.GoldenCheck(3, 0, 0.0, no_classes, 0.0)
    window = floor.measure(two_tensors.predict, TWO, 0.05, batch)
    agreement = floor.compare(window.kept, TWO, batch)
    assert (agreement.answers_checked, agreement.wrong_answers) == (len(window.kept) * batch, 0)


def test_an_integer_that_is_off_by_one_is_wrong_however_large() -> None:
    def predict(batch: Batch) -> Batch:
        outputs = two_tensors.predict(batch)
        return outputs | {"total": outputs["total"] + 1}

    assert floor.check(predict, TWO).wrong_answers == 3


def test_large_rows_take_no_more_memory_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor, "MOST_BYTES", 4 * INPUTS[:4].nbytes)
    inputs = floor.batches(GOLDEN, 4)
    assert [rows_of(rows) for rows in inputs] == [4] * 4
    assert floor.indices(GOLDEN, 4)[:, 0].tolist() == [0, 2, 4, 6]
    answers = {call: right(inputs[call % 4]) for call in range(6)}
    assert floor.compare(answers, GOLDEN, 4).wrong_answers == 0
    assert len(floor.batches(GOLDEN, 100)) == 1
