"""An nn.Module of models/zoo, which is code, and its state_dict."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from serveoff.models import zoo
from serveoff.models.frameworks.torch_state import read_state
from serveoff.models.spec import ModelSpec


def build(folder: Path, spec: ModelSpec, device: str) -> nn.Module:
    """The zoo's class with the folder's weights."""
    module: nn.Module = zoo.network(spec.name, "torch_module").build()
    module.load_state_dict(read_state(folder, device))
    return module
