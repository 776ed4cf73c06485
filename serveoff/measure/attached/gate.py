"""Parity of attached endpoints: every sample is asked for once, and answered as the reference answers it.

The reference is the model's golden answers where they are known, and else the first endpoint, which is asked twice: one
that answers the same input differently each time can be the reference of nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from serveoff.loadtests.attached.ask import AskFailed, asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.endpoints import Target
from serveoff.measure.agreement_gate import failed
from serveoff.models.agreement import Mismatch, compare, has_classes, times
from serveoff.models.tensors import Batch
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import GateCode, Problem

TIMEOUT_S = 30.0
PATH = "name the part of the answer that is to be equal: answer = a JMESPath (docs/attach.md)"


@dataclass
class Parity:
    """How the answers of one endpoint compare, sample by sample."""

    error: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    same_top: list[bool] = field(default_factory=list)
    mismatch: dict[int, str] = field(default_factory=dict)
    """Samples whose answers are not even alike, and how."""

    def add(self, found: Batch, expected: Batch) -> None:
        """One sample's answer."""
        try:
            errors = compare(found, expected)
        except Mismatch as error:
            self.mismatch[len(self.error)] = str(error)
            self.error.append(np.inf)
            self.share.append(np.inf)
            self.same_top.append(False)
            return
        self.error.append(float(errors.error.max()))
        self.share.append(float(errors.share.max()))
        self.same_top.append(bool(errors.same_top.all()))

    def gate(self, answer_s: float, classes: bool) -> Gate:
        """The verdict on the endpoint."""
        error, share, same = np.array(self.error), np.array(self.share), np.array(self.same_top)
        right = (share <= 1.0) & same
        worst = int(np.where(same, share, np.inf).argmax())
        return Gate(
            passed=bool(right.all()),
            checked=len(error),
            max_abs_error=float(error.max()) if np.isfinite(error).all() else None,
            worst_share=float(share.max()) if np.isfinite(share).all() else None,
            top1_agreement=float(same.mean()) if classes else None,
            answer_s=answer_s,
            equal=float(right.mean()),
            worst_input=worst,
            problem=None if right.all() else self._problem(right, worst),
        )

    def _problem(self, right: "np.ndarray[tuple[int], np.dtype[np.bool_]]", worst: int) -> Problem:
        wrong = f"{int((~right).sum())} of {len(right)} samples are answered otherwise; sample {worst}: "
        if worst in self.mismatch:
            return Problem(code=GateCode.MISMATCH, text=wrong + self.mismatch[worst], advice=PATH)
        off = f"off by {self.error[worst]:.3g} ({times(self.share[worst])})"
        top = "" if self.same_top[worst] else ", and another top-1 class"
        return Problem(code=GateCode.WRONG_ANSWER, text=wrong + off + top)


def reference(target: Target, exchange: Exchange) -> tuple[Gate, list[Batch]]:
    """The first endpoint's answers, which the others are compared with; none where they cannot be relied on."""
    try:
        first, answer_s = answers(target, exchange)
        again, _ = answers(target, exchange)
    except (AskFailed, ValueError) as error:
        return failed(_no_answer(error)), []
    gate = compared(again, first, answer_s)
    if gate.passed:
        return gate, first
    text = f"it answers the same input differently each time: {gate.problem.text if gate.problem else ''}"
    return gate.model_copy(update={"problem": Problem(code=GateCode.MISMATCH, text=text, advice=PATH)}), []


def check(target: Target, exchange: Exchange, expected: Sequence[Batch]) -> Gate:
    """Another endpoint against the reference."""
    try:
        found, answer_s = answers(target, exchange)
    except (AskFailed, ValueError) as error:
        return failed(_no_answer(error))
    return compared(found, expected, answer_s)


def compared(found: Sequence[Batch], expected: Sequence[Batch], answer_s: float) -> Gate:
    """Answers sample by sample."""
    parity = Parity()
    for answer, right in zip(found, expected, strict=True):
        parity.add(answer, right)
    return parity.gate(answer_s, any(has_classes(array) for right in expected for array in right.values()))


def answers(target: Target, exchange: Exchange) -> tuple[list[Batch], float]:
    """What it answers to every sample, and the mean seconds of an answer; AskFailed or ValueError where it does not."""
    speaks, found, took_s = dialect(exchange.dialect), list[Batch](), 0.0
    with asking(target, exchange, TIMEOUT_S) as ask:
        for number, body in enumerate(exchange.bodies):
            began = time.perf_counter()
            try:
                answer = ask(body)
            except AskFailed as error:
                raise AskFailed(f"sample {number}: {error}", error.advice, error.status) from None
            took_s += time.perf_counter() - began
            try:
                found.append(speaks.read(answer, exchange.answer))
            except ValueError as error:
                raise ValueError(f"the answer to sample {number} cannot be read: {error}") from None
    return found, took_s / len(found)


def _no_answer(error: AskFailed | ValueError) -> Problem:
    if isinstance(error, AskFailed):
        return Problem(code=GateCode.NO_ANSWER, text=str(error), advice=error.advice)
    return Problem(code=GateCode.MISMATCH, text=str(error), advice=PATH)
