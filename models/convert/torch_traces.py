"""Traces of a PyTorch module: the operations that an example ran through, tried with others than that.

A trace keeps one course of the module. Where the module decides by a tensor, it may take another for other values.
https://docs.pytorch.org/docs/stable/generated/torch.jit.trace.html
"""

import linecache
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from serveoff.models.agreement import Mismatch, compare
from serveoff.models.convert import Unconvertible
from serveoff.models.convert.torch_modules import examples, positional, traced_as_is, unlike
from serveoff.models.convert.torch_reasons import place_of
from serveoff.models.frameworks.torch_calling import answers_of
from serveoff.models.jobs.child import note
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, rows_of, take

DECIDED = "Converting a tensor to a Python "
"""How torch.jit.trace begins to warn of a boolean or a number that it has made of a tensor."""
ELSEWHERE: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
    lambda row: -row,
    lambda row: 16 * row,
    lambda row: row - row.mean(),
)
"""Other floats than an example's: of the other sign, larger, and of both signs."""
TRIED = "to its inputs negated, scaled and shifted it answers alike"


def traced(module: Any, spec: ModelSpec) -> Any:
    """The operations that an example ran through; Unconvertible where they hold for its values or rows only."""
    wrapped = positional(module, spec)
    with warnings.catch_warnings(record=True) as warned, torch.no_grad():
        warnings.simplefilter("always", torch.jit.TracerWarning)
        torch.jit.TracerWarning.ignore_lib_warnings()
        trace = traced_as_is(wrapped, spec)
    decisions = _decided_at(warned)
    problem = unlike(trace, wrapped, spec)
    if not problem and decisions and _unlike_elsewhere(trace, wrapped, spec):
        problem = f"its course depends on the values of its input, which a trace does not keep{max(decisions)}"
    if problem:
        raise Unconvertible(f"torch.jit cannot compile the module, and a trace does not hold: {problem}")
    for place in filter(None, decisions):
        note(f"torchscript keeps one course of the module, which decides by a tensor{place}; {TRIED}")
    return trace


def _decided_at(warned: Iterable[warnings.WarningMessage]) -> list[str]:
    """The user's lines at which a trace made a boolean or a number of a tensor, each once; '' for a library's.

    From there on the trace keeps to what that was for the example.
    """
    lines = [(one.filename, one.lineno) for one in warned if str(one.message).startswith(DECIDED)]
    return list(dict.fromkeys(place_of(file, line, linecache.getline(file, line).strip()) for file, line in lines))


def _unlike_elsewhere(trace: Any, module: Any, spec: ModelSpec) -> bool:
    """Whether a trace answers other floats than the example's otherwise than its module, where that answers them."""
    for moved in ELSEWHERE:
        rows = tuple(moved(row) if row.is_floating_point() else row for row in examples(spec))
        with suppress(Exception), torch.inference_mode():  # the module may take no such numbers
            if _differs(trace, rows, answers_of(module(*rows), spec), spec):
                return True
    return False


def _differs(trace: Any, rows: tuple[torch.Tensor, ...], expected: Batch, spec: ModelSpec) -> bool:
    """Whether a trace answers rows otherwise; a row whose answer is no number tells nothing."""
    known = np.ones(rows_of(expected), bool)
    for array in expected.values():
        if array.dtype.kind == "f":
            known &= ~np.isnan(array).reshape(len(array), -1).any(axis=1)
    told = np.flatnonzero(known)
    try:
        found = answers_of(trace(*rows), spec)
        return len(told) > 0 and bool(compare(take(found, told), take(expected, told), spec.outputs).wrong.any())
    except (RuntimeError, ValueError, IndexError, torch.jit.Error, Mismatch):
        return True
