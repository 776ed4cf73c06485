"""A seeded sample of the answers of a window, kept while it runs and compared with the golden ones after it."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serveoff.loadtests.payloads import Payload
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.models import agreement
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, rows_of

Kept = tuple[float, int, bytes]
"""Start of the request (perf_counter seconds), index of its input in the pool, answer body."""


class Reservoir:
    """A uniform sample of at most `size` answers out of however many come, at a comparison each.

    Algorithm L of K.-H. Li, Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n))), 1994: it draws
    how many answers to skip, instead of a number for each.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.kept: list[Kept] = []
        self._size = size
        self._random = random.Random(seed)
        self.clear()

    def clear(self) -> None:
        """Begin again, for the next window."""
        self.kept = []
        self._offered = 0
        self._next = 1 if self._size else sys.maxsize
        self._weight = 1.0

    def offer(self, start: float, index: int, answer: bytes) -> None:
        """Keep this answer if it is its turn."""
        self._offered += 1
        if self._offered >= self._next:
            self._keep((start, index, answer))

    def _keep(self, answer: Kept) -> None:
        if len(self.kept) < self._size:
            self.kept.append(answer)
        else:
            self.kept[self._random.randrange(self._size)] = answer
        if len(self.kept) < self._size:
            self._next += 1
            return
        self._weight *= math.exp(math.log(1.0 - self._random.random()) / self._size)
        # Kept inside (0, 1), where log1p is finite and not zero.
        weight = min(max(self._weight, 1e-300), 1.0 - 2.0**-53)
        self._next += 1 + int(math.log(1.0 - self._random.random()) / math.log1p(-weight))


@dataclass(frozen=True)
class AnswerCheck:
    """How the kept answers compare; the worst absolute error is None where no answer could be compared."""

    checked: int = 0
    wrong: int = 0
    max_abs_error: float | None = None
    first_fault: str = ""

    @property
    def problems(self) -> list[WindowProblem]:
        """What is wrong with the window that the answers are of."""
        if not self.wrong:
            return []
        text = f"{self.wrong} of {self.checked} checked answers are wrong; {self.first_fault}"
        return [WindowProblem(code=WindowCode.WRONG_ANSWERS, text=text)]


def compare(kept: Iterable[Kept], expected: Sequence[Batch], payload: Payload, spec: ModelSpec) -> AnswerCheck:
    """An answer is wrong if it cannot be read or does not agree with the golden one: serveoff.models.agreement."""
    checked = wrong = 0
    worst: float | None = None
    first_fault = ""
    for _, index, answer in kept:
        checked += 1
        fault, error = _judge(answer, expected[index], payload, spec)
        if error is not None:
            worst = max(worst or 0.0, error)
        if fault:
            wrong += 1
            first_fault = first_fault or f"input {index}: {fault}"
    return AnswerCheck(checked, wrong, worst, first_fault)


def _judge(answer: bytes, expected: Batch, payload: Payload, spec: ModelSpec) -> tuple[str, float | None]:
    try:
        found = payload.decode(answer, rows_of(expected), spec)
        errors = agreement.compare(found, expected)
    except agreement.Mismatch as fault:
        return str(fault), None
    except ValueError as fault:
        return f"cannot be read: {fault}", None
    error, share = float(errors.error.max()), float(errors.share.max())
    if not math.isfinite(error):
        return "is not a finite number", None
    if not errors.wrong.any():
        return "", error
    top = "" if errors.same_top.all() else ", and has another top-1 class"
    return f"is off by {error:.3g} ({agreement.times(share)}){top}", error
