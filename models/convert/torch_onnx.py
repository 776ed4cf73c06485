"""PyTorch's two exporters to ONNX, with the spec's names and a free first axis."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from serveoff.models.convert import onnx_models
from serveoff.models.convert.torch_modules import examples, free_rows, positional, traced_as_is
from serveoff.models.convert.torch_reasons import exporting
from serveoff.models.spec import ModelSpec, TensorSpec

EXPORTER = "PyTorch's exporter to ONNX"
_REFUSALS = (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError, ValueError, IndexError)


def write(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `onnx` of a module of Python."""
    wrapped, shapes = positional(module, spec), free_rows(spec)
    with exporting(EXPORTER, *_REFUSALS):
        try:
            program = _exported(wrapped, spec, args=examples(spec), dynamic_shapes=shapes)
        except torch.onnx.errors.OnnxExporterError as error:
            if "Error when translating node" not in f"{error}{error.__cause__}":
                raise
            # A rule for an operator did not take it as it is: PyTorch's own, of smaller ones, may.
            taken = torch.export.export(wrapped, examples(spec), dynamic_shapes=shapes)
            program = _exported(taken.run_decompositions(), spec)
    onnx_models.write(program.model_proto, spec, folder)


def _exported(module: Any, spec: ModelSpec, **given: Any) -> Any:
    return torch.onnx.export(
        module,
        input_names=_names(spec.inputs),
        output_names=_names(spec.outputs),
        opset_version=18,
        dynamo=True,
        verbose=False,
        **given,
    )


def write_script(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `onnx` of a compiled module.

    The exporter takes no dict. A trace around the module gives a tuple, and keeps the module's branches and loops.
    """
    ends = _names((*spec.inputs, *spec.outputs))
    with exporting(EXPORTER, *_REFUSALS):
        torch.onnx.export(
            traced_as_is(positional(module, spec), spec),
            examples(spec),
            str(folder / onnx_models.FILE),
            input_names=_names(spec.inputs),
            output_names=_names(spec.outputs),
            dynamic_axes={} if spec.one_row else {name: {0: onnx_models.BATCH} for name in ends},
            opset_version=onnx_models.OPSET,
            dynamo=False,
        )
    onnx_models.write(onnx_models.read(folder), spec, folder)


def _names(tensors: Sequence[TensorSpec]) -> list[str]:
    return [tensor.name for tensor in tensors]
