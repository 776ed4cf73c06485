"""How well answers agree with the golden ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.formats import Predict
from models.golden import TOLERANCE, Golden


@dataclass(frozen=True)
class Agreement:
    """An artifact's answers against the golden ones.

    `max_abs_error` is over all probabilities (infinite where an answer has the wrong shape or is no number),
    `worst_input` the golden input it belongs to, `top1` the share of inputs with the same most probable class.
    """

    max_abs_error: float
    worst_input: int
    top1: float
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the answers are the golden ones, but for rounding."""
        return not self.problem and self.max_abs_error <= TOLERANCE and self.top1 == 1.0


def compare(predict: Predict, golden: Golden) -> Agreement:
    """Ask for all golden rows at once and for one alone, since both batch sizes must work, and compare."""
    whole, single = predict(golden.inputs), predict(golden.inputs[:1])
    for answer, expected in ((whole, golden.outputs), (single, golden.outputs[:1])):
        if answer.shape != expected.shape or answer.dtype != expected.dtype:
            problem = (
                f"to a batch of {len(expected)} it answers {answer.dtype}{answer.shape}, "
                f"not {expected.dtype}{expected.shape}"
            )
            return Agreement(float("inf"), 0, 0.0, problem)
    errors = np.abs(whole - golden.outputs).max(axis=1)
    errors[0] = np.maximum(errors[0], np.abs(single - golden.outputs[:1]).max())
    errors = np.where(np.isfinite(errors), errors, np.inf)
    worst = int(errors.argmax())
    top1 = float((whole.argmax(axis=1) == golden.outputs.argmax(axis=1)).mean())
    return Agreement(float(errors[worst]), worst, top1)
