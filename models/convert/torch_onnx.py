"""PyTorch's two exporters to ONNX, with the spec's names and a free first axis."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from serveoff.models.convert import Unconvertible, onnx_models
from serveoff.models.convert.torch_modules import examples, positional
from serveoff.models.spec import ModelSpec, TensorSpec

_OPERATORS = (
    r"No ONNX function found for <OpOverload\(op='(?P<operator>[\w.:]+)'",
    r"operator '(?P<operator>[\w.:]+)' to ONNX",
    r"unrecognized namespace (?P<operator>[\w.:]+\w)",
)


def write(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `onnx` of a module of Python."""
    rows = torch.export.Dim(onnx_models.BATCH)
    shapes = (tuple({0: rows} for _ in spec.inputs),)
    with _exporting():
        program = torch.onnx.export(
            positional(module, spec),
            examples(spec),
            input_names=_names(spec.inputs),
            output_names=_names(spec.outputs),
            dynamic_shapes=shapes,
            opset_version=18,
            dynamo=True,
            verbose=False,
        )
    onnx_models.write(program.model_proto, spec, folder)


def write_script(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `onnx` of a compiled module.

    The exporter takes no dict. A trace around the module gives a tuple, and keeps the module's branches and loops.
    """
    with _exporting():
        torch.onnx.export(
            torch.jit.trace(positional(module, spec), examples(spec), check_trace=False, strict=False),
            examples(spec),
            str(folder / onnx_models.FILE),
            input_names=_names(spec.inputs),
            output_names=_names(spec.outputs),
            dynamic_axes={name: {0: onnx_models.BATCH} for name in _names((*spec.inputs, *spec.outputs))},
            opset_version=onnx_models.OPSET,
            dynamo=False,
        )
    onnx_models.write(onnx_models.read(folder), spec, folder)


@contextmanager
def _exporting() -> Iterator[None]:
    """Without PyTorch's warnings, and with its refusals as ours."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            yield
        except torch.onnx.errors.OnnxExporterError as error:
            raise _unconvertible(error) from error


def _names(tensors: Sequence[TensorSpec]) -> list[str]:
    return [tensor.name for tensor in tensors]


def _unconvertible(error: Exception) -> Unconvertible:
    """The exporter's message in one sentence, with the operator that it names; it may lie in the error's cause."""
    message = f"{error}\n{error.__cause__ or ''}"
    found = next(filter(None, (re.search(pattern, message) for pattern in _OPERATORS)), None)
    if found:
        operator = found["operator"]
        return Unconvertible(f"PyTorch's exporter to ONNX has no rule for the operator {operator}", operator)
    first = next((line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()), "no message")
    return Unconvertible(f"PyTorch cannot export the module to ONNX: {first}")
