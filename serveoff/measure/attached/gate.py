"""Parity of attached endpoints: every sample is asked for once, and answered as the reference answers it.

The reference is the model's golden answers where they are known, and else the first endpoint, which is asked twice: one
that answers the same input differently each time can be the reference of nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from serveoff.loadtests.answer_check import errors_of
from serveoff.loadtests.attached.ask import AskFailed, asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.endpoints import Target
from serveoff.measure.agreement_gate import failed, figures, together, worst_of
from serveoff.models.agreement import Errors, Mismatch, has_classes, times, with_small
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Batch
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import GateCode, Problem

TIMEOUT_S = 30.0
PATH = "name the part of the answer that is to be equal: answer = a JMESPath (docs/attach.md)"


NOT_ALIKE: Final = Errors(np.array([np.inf]), np.array([np.inf]), np.array([False]))
"""Of an answer that cannot be compared at all."""


class Answers(NamedTuple):
    """What an endpoint answers to every sample."""

    readings: list[Batch]
    answer_s: float
    """Mean seconds of an answer."""
    most_bytes: int
    """Of the largest."""


@dataclass
class Parity:
    """How the answers of one endpoint compare, sample by sample."""

    tensors: Sequence[TensorSpec] = ()
    found: list[Errors] = field(default_factory=list)
    mismatch: dict[int, str] = field(default_factory=dict)
    """Samples whose answers are not even alike, and how."""

    def add(self, answer: Batch, expected: Batch) -> None:
        """One sample's answer."""
        try:
            self.found.append(errors_of(answer, expected, self.tensors))
        except Mismatch as error:
            self.mismatch[len(self.found)] = str(error)
            self.found.append(NOT_ALIKE)

    def gate(self, answer_s: float, classes: bool) -> Gate:
        """The verdict on the endpoint."""
        errors = together(self.found)
        wrong, worst = errors.wrong, worst_of(errors)
        return Gate(
            passed=not wrong.any(),
            **figures(errors, classes),
            answer_s=answer_s,
            equal=float((~wrong).mean()),
            worst_input=worst,
            problem=self._problem(errors, worst) if wrong.any() else None,
        )

    def _problem(self, errors: Errors, worst: int) -> Problem:
        wrong = f"{int(errors.wrong.sum())} of {len(errors.wrong)} samples are answered otherwise; sample {worst}: "
        if worst in self.mismatch:
            return Problem(code=GateCode.MISMATCH, text=wrong + self.mismatch[worst], advice=PATH)
        off = f"off by {errors.error[worst]:.3g} ({times(errors.share[worst])})"
        off = off if np.isfinite(errors.error[worst]) else "an answer that is no number"
        top = "" if errors.same_top[worst] else ", and another top-1 class"
        return Problem(code=GateCode.WRONG_ANSWER, text=wrong + off + top)


def reference(target: Target, exchange: Exchange) -> tuple[Gate, Answers | None]:
    """The first endpoint's answers, which the others are compared with; None where they cannot be relied on."""
    try:
        first, again = answers(target, exchange), answers(target, exchange)
    except (AskFailed, ValueError) as error:
        return failed(_no_answer(error)), None
    gate = _hiding(compared(again.readings, first.readings, first.answer_s, exchange.tensors), exchange)
    if gate.passed:
        return gate, first
    problem = Problem(code=GateCode.MISMATCH, text=_unequal_to_itself(first.readings, gate), advice=PATH)
    return gate.model_copy(update={"problem": problem}), None


def _unequal_to_itself(first: Sequence[Batch], gate: Gate) -> str:
    number = next((n for n, one in enumerate(first) if any(np.isnan(array).any() for array in one.values())), None)
    if number is not None:
        return f"it answers NaN to sample {number}, which no answer can be equal to"
    return f"it answers the same input differently each time: {gate.problem.text if gate.problem else ''}"


def check(target: Target, exchange: Exchange, expected: Sequence[Batch]) -> tuple[Gate, Answers | None]:
    """Another endpoint against the reference, and what it answers; None where it does not."""
    try:
        found = answers(target, exchange)
    except (AskFailed, ValueError) as error:
        return failed(_no_answer(error)), None
    return _hiding(compared(found.readings, expected, found.answer_s, exchange.tensors), exchange), found


def _hiding(gate: Gate, exchange: Exchange) -> Gate:
    """Its problem without what an answer may have repeated of our headers."""
    if gate.problem is None:
        return gate
    text = exchange.without_secrets(gate.problem.text)
    return gate.model_copy(update={"problem": gate.problem.model_copy(update={"text": text})})


def compared(
    found: Sequence[Batch], expected: Sequence[Batch], answer_s: float, tensors: Sequence[TensorSpec] = ()
) -> Gate:
    """Answers sample by sample, each output by the precision that is known of it."""
    parity = Parity(with_small(tensors, expected))
    for answer, right in zip(found, expected, strict=True):
        parity.add(answer, right)
    return parity.gate(answer_s, any(has_classes(array) for right in expected for array in right.values()))


def answers(target: Target, exchange: Exchange) -> Answers:
    """What it answers to every sample; AskFailed or ValueError where it does not."""
    speaks, found, took_s, most_bytes = dialect(exchange.dialect), list[Batch](), 0.0, 0
    with asking(target, exchange, TIMEOUT_S) as ask:
        for number, body in enumerate(exchange.bodies):
            began = time.perf_counter()
            try:
                answer = ask(body)
            except AskFailed as error:
                raise AskFailed(f"sample {number}: {error}", error.advice, error.status) from None
            took_s += time.perf_counter() - began
            most_bytes = max(most_bytes, len(answer))
            try:
                found.append(speaks.read(answer, exchange.answer))
            except ValueError as error:
                said = exchange.without_secrets(str(error))
                raise ValueError(f"the answer to sample {number} cannot be read: {said}") from None
    return Answers(found, took_s / len(found), most_bytes)


def _no_answer(error: AskFailed | ValueError) -> Problem:
    if isinstance(error, AskFailed):
        return Problem(code=GateCode.NO_ANSWER, text=str(error), advice=error.advice)
    return Problem(code=GateCode.MISMATCH, text=str(error), advice=PATH)
