"""An ONNX file, `model.onnx`, whose operations onnx2torch turns to PyTorch's, one by one, when it is loaded."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from models.manifest import ArtifactError
from models.spec import ModelSpec

FILE = "model.onnx"


def build(folder: Path, spec: ModelSpec, device: str) -> nn.Module:
    """The ONNX graph as a module, which takes and gives tensors in the graph's order; ArtifactError without onnx2torch."""
    try:
        import onnx2torch
    except ModuleNotFoundError as missing:
        raise ArtifactError(
            f"the torch_eager artifact of {spec.name} is an ONNX file, which needs {missing.name}: run `pip install onnx2torch`"
        ) from None
    module: nn.Module = onnx2torch.convert(str(folder / FILE))
    return module
