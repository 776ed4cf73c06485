import numpy as np
import pytest

from models.agreement import compare
from models.golden import Golden

OUTPUTS = np.eye(4, 3, dtype=np.float32)


@pytest.fixture
def questions():
    """Four inputs that carry their own answers, so that a predict function can be a look-up."""
    return Golden(OUTPUTS.copy(), OUTPUTS, OUTPUTS.argmax(axis=1))


def test_the_same_answers_agree(questions):
    agreement = compare(lambda batch: batch, questions)
    assert agreement.ok
    assert agreement.max_abs_error == 0.0
    assert agreement.top1 == 1.0


def test_rounding_is_forgiven_and_more_is_not(questions):
    assert compare(lambda batch: batch + np.float32(5e-6), questions).ok
    assert not compare(lambda batch: batch + np.float32(5e-5), questions).ok


def test_the_worst_input_is_named(questions):
    agreement = compare(lambda batch: batch + np.float32(0.1) * (batch.argmax(axis=1) == 2)[:, None], questions)
    assert not agreement.ok
    assert agreement.worst_input == 2
    assert agreement.max_abs_error == pytest.approx(0.1)
    assert agreement.top1 == 1.0


def test_another_class_within_the_tolerance_is_a_disagreement():
    close = np.array([[0.5, 0.500001]], np.float32)
    agreement = compare(lambda batch: batch[:, ::-1].copy(), Golden(close, close, np.array([1])))
    assert agreement.max_abs_error < 1e-5
    assert agreement.top1 == 0.0
    assert not agreement.ok


def test_an_answer_that_is_no_number_is_the_worst(questions):
    agreement = compare(lambda batch: np.where(batch.argmax(axis=1)[:, None] == 1, np.float32("nan"), batch), questions)
    assert not agreement.ok
    assert agreement.worst_input == 1
    assert agreement.max_abs_error == float("inf")


def test_an_answer_of_another_shape_or_type_is_named(questions):
    assert "(4, 2)" in compare(lambda batch: batch[:, :2], questions).problem
    assert "float64" in compare(lambda batch: batch.astype(np.float64), questions).problem


def test_a_network_that_takes_one_batch_size_only_is_caught(questions):
    agreement = compare(lambda batch: OUTPUTS, questions)
    assert not agreement.ok
    assert "a batch of 1" in agreement.problem
