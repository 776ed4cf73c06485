"""Every answer is compared with the right one."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from serveoff.loadtests.payloads import Payload
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.models import agreement
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Array, Batch, rows_of

MOST_BYTES: Final = 2**26
"""Of answers that are kept in one slice to be read."""
Kept = tuple[int, bytes]
"""Index of the input in the pool, answer body."""


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


class Verified:
    """Every answer of an endpoint's slices, each of which `begin` starts.

    Bytes that were found right for an input are right again, at the cost of a comparison; whatever else comes is kept,
    and read after the slice. Where they need not be `golden`, as in a lower precision, finite numbers of the right
    outputs and shapes are right. With a `lenience` floats may differ by so many times as much as at the gate.
    """

    def __init__(self, golden: bool = True, lenience: float = 1.0) -> None:
        self._golden, self._lenience = golden, lenience
        self._right: dict[int, bytes] = {}
        self._worst: float | None = None
        self.begin()

    def begin(self) -> None:
        """Nothing is known of the next slice yet."""
        self.unknown: list[Kept] = []
        self._known = self._bytes = 0

    def offer(self, index: int, answer: bytes) -> None:
        """One answer; where MOST_BYTES of unknown ones are kept already, it is not checked."""
        if self._right.get(index) == answer:
            self._known += 1
        elif self._bytes < MOST_BYTES:
            self.unknown.append((index, answer))
            self._bytes += len(answer)

    def judge(self, expected: Sequence[Batch], payload: Payload, spec: ModelSpec) -> AnswerCheck:
        """All that was offered since the slice began; what is right now need not be read again."""
        found = [AnswerCheck(self._known, 0, self._worst if self._known else None)]
        for kept in self.unknown:
            index, answer = kept
            if self._right.get(index) == answer:
                found.append(AnswerCheck(1, 0, None))
                continue
            found.append(compare([kept], expected, payload, spec, self._golden, self._lenience))
            if not found[-1].wrong:
                self._right[index] = answer
                self._worst = max(self._worst or 0.0, found[-1].max_abs_error or 0.0)
        return _sum(found)


def _sum(found: Sequence[AnswerCheck]) -> AnswerCheck:
    errors = [one.max_abs_error for one in found if one.max_abs_error is not None]
    fault = next((one.first_fault for one in found if one.wrong), "")
    return AnswerCheck(sum(f.checked for f in found), sum(f.wrong for f in found), max(errors, default=None), fault)


def compare(
    kept: Iterable[Kept],
    expected: Sequence[Batch],
    payload: Payload,
    spec: ModelSpec,
    golden: bool = True,
    lenience: float = 1.0,
) -> AnswerCheck:
    """An answer is wrong if it cannot be read or does not agree with the right one: serveoff.models.agreement."""
    found = []
    for index, answer in kept:
        fault, error = _judge(answer, expected[index], payload, spec, golden, lenience)
        found.append(AnswerCheck(1, int(bool(fault)), error, f"input {index}: {fault}" if fault else ""))
    return _sum(found)


def errors_of(
    found: Batch, expected: Batch, tensors: Sequence[TensorSpec] = (), lenience: float = 1.0
) -> agreement.Errors:
    """As `agreement.compare`, but integers are expected as floats where the answer has floats: 1 in JSON may be 1.0."""
    alike = {name: _beside(array, found.get(name)) for name, array in expected.items()}
    return agreement.compare(found, alike, tensors, lenience)


def _beside(expected: Array, found: Array | None) -> Array:
    mixed = found is not None and found.dtype.kind == "f" and expected.dtype.kind in "iu"
    return expected.astype(np.float64) if mixed else expected


def _judge(
    answer: bytes, expected: Batch, payload: Payload, spec: ModelSpec, golden: bool, lenience: float
) -> tuple[str, float | None]:
    try:
        found = payload.decode(answer, rows_of(expected), spec)
        errors = errors_of(found, expected, spec.outputs, lenience)
    except agreement.Mismatch as fault:
        return str(fault), None
    except ValueError as fault:
        return f"cannot be read: {fault}", None
    error, share = float(errors.error.max()), float(errors.share.max())
    if not math.isfinite(error):
        return "is not a finite number", None
    if not golden or not errors.wrong.any():
        return "", error
    top = "" if errors.same_top.all() else ", and has another top-1 class"
    return f"is off by {error:.3g} ({agreement.times(share)}){top}", error
