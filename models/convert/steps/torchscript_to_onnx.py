"""TorchScript to ONNX, by PyTorch's older exporter: the newer one takes no compiled module."""

from __future__ import annotations

from pathlib import Path

import torch

from serveoff.models.convert import torch_onnx
from serveoff.models.convert.torch_modules import FILE
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the ONNX model of the compiled graph."""
    module = torch.jit.load(str(source / FILE), map_location="cpu").eval()
    torch_onnx.write_script(module, spec, target)
