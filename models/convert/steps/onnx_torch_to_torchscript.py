"""An ONNX model that onnx2torch reads, to TorchScript: traced, and tried with other numbers of rows."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert import torchscripts
from serveoff.models.loading.torch_eager import model_onnx
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the TorchScript of the module that onnx2torch makes."""
    torchscripts.write(model_onnx.build(source, spec, "cpu"), spec, target)
