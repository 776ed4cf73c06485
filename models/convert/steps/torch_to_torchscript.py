"""PyTorch to TorchScript: the module compiled, or traced, and frozen."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert import torchscripts
from serveoff.models.loading.torch_eager import module_json
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the TorchScript of the module."""
    torchscripts.write(module_json.read(source, "cpu"), spec, target)
