"""PyTorch to ONNX: the module through torch.export, by PyTorch's own exporter."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert import torch_onnx
from serveoff.models.loading.torch_eager import module_json
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the ONNX model of the module."""
    torch_onnx.write(module_json.read(source, "cpu"), spec, target)
