"""What the steps from PyTorch share: a module that takes and gives the spec's tensors by position, and tries of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from serveoff.models.agreement import Mismatch, compare
from serveoff.models.convert import example
from serveoff.models.convert.onnx_models import BATCH
from serveoff.models.frameworks.torch_calling import answers_of, arguments, script_around, served
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Batch, by_name

FILE = "model.pt"
ROWS = 3
"""Of the example that a graph is taken from: torch.export takes 0 and 1 for constants, and 2 is often another axis."""
TRIED = (1, 2, 5)
"""Rows that a graph must take as well, if its first axis is free."""


class Positional(nn.Module):  # type: ignore[misc]
    """A module that gives a tuple in the spec's order, whether the one inside gives a tensor, a sequence or a dict."""

    def __init__(self, inner: Any, outputs: Sequence[TensorSpec]) -> None:
        super().__init__()
        self.inner, self.outputs = inner, tuple(outputs)

    def forward(self, *rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs for the inputs in the spec's order."""
        return tuple(map(served, by_name(self.inner(*rows), self.outputs).values()))


def positional(module: Any, spec: ModelSpec) -> Positional:
    """The module in evaluation mode, wrapped."""
    wrapped = Positional(module, spec.outputs)
    wrapped.eval()
    return wrapped


def free_rows(spec: ModelSpec) -> Any:
    """For PyTorch's exporters: the first axis of each input of a `Positional` is free; None for a model of one row."""
    rows = torch.export.Dim(BATCH)
    return None if spec.one_row else (tuple({0: rows} for _ in spec.inputs),)


def traced_as_is(wrapped: Positional, spec: ModelSpec) -> Any:
    """What an example ran through; a compiled module inside keeps its branches and loops. It is not compared."""
    return torch.jit.trace(wrapped, examples(spec), check_trace=False, strict=False)


def tensors_alone(script: Any, spec: ModelSpec) -> Any:
    """A ScriptModule that gives the spec's tensors, without None, numbers or text beside, which no trace takes."""
    with torch.inference_mode():
        answer = script(*examples(spec))
    if all(isinstance(value, torch.Tensor) for value in _leaves(answer)):
        return script
    rows, places = [f"row_{place}" for place, _ in enumerate(spec.inputs)], by_name(_places(answer), spec.outputs)
    given = ", ".join(f"torch.jit._unwrap_optional({place})" for place in places.values())
    return script_around(script, rows, f"given = self.inner({', '.join(rows)})", f"return ({given},)")


def _leaves(answer: Any) -> Iterator[Any]:
    inner = answer.values() if isinstance(answer, Mapping) else answer if isinstance(answer, tuple | list) else None
    if inner is None:
        yield answer
    for value in inner or ():
        yield from _leaves(value)


def _places(answer: Any, at: str = "given") -> Any:
    """The same structure, with what TorchScript writes for a tensor's place in it; None where there is no tensor."""
    if isinstance(answer, Mapping):
        return {key: _places(value, f"{at}[{key!r}]") for key, value in answer.items()}
    if isinstance(answer, tuple | list):
        places = [_places(value, f"{at}[{index}]") for index, value in enumerate(answer)]
        return type(answer)(*places) if hasattr(answer, "_fields") else places
    return at if isinstance(answer, torch.Tensor) else None


def examples(spec: ModelSpec, rows: int = ROWS) -> tuple[torch.Tensor, ...]:
    """Seeded inputs in the spec's order; one row for a model that takes no more."""
    return arguments(example(spec, 1 if spec.one_row else rows), spec)


def answers(module: Any, spec: ModelSpec, rows: int) -> Batch:
    """What a module gives for the example of so many rows."""
    with torch.inference_mode():
        return answers_of(module(*examples(spec, rows)), spec)


def unlike(graph: Any, module: Any, spec: ModelSpec) -> str:
    """How a graph taken from a module answers otherwise for other numbers of rows; or ''."""
    for rows in TRIED[:1] if spec.one_row else TRIED:
        expected = answers(module, spec, rows)
        try:
            errors = compare(answers(graph, spec, rows), expected, spec.outputs)
        except (RuntimeError, ValueError, torch.jit.Error, Mismatch) as error:
            return f"the graph that was taken with {ROWS} rows does not take {rows}: {_last_line(error)}"
        if errors.wrong.any():
            return (
                f"for {rows} rows the graph's answer is off by {errors.error.max():.3g}: the example's values are in it"
            )
    return ""


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
