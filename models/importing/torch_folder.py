"""The node `torch`: all that is needed to build a user's nn.Module again, as models.loading.torch_eager reads it.

| file | what |
|---|---|
| `module.json` | `factory`, as `package.module:factory` |
| `model.pt` | the state_dict, tensors only: read with `weights_only` |
| `code/` | the sources of what it imports, but for installed distributions, and the files that it reads |

The code belongs to the artifact: its hash is in the manifest, and a server elsewhere needs nothing from the user's
machine but the distributions that the code imports.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from serveoff.models.frameworks.torch_state import PICKLED
from serveoff.models.loading.torch_eager import module_json


def write(folder: Path, factory: str, module: nn.Module) -> None:
    """Write a module that a factory built, with the weights that it has now; its code is copied by user_code."""
    torch.save(module.state_dict(), folder / PICKLED)
    (folder / module_json.FILE).write_text(json.dumps({"factory": factory}, indent=2) + "\n")


def load(folder: Path, device: str = "cpu") -> nn.Module:
    """The module of a folder, ready to predict; ArtifactError where its factory builds none."""
    return module_json.read(folder, device).eval()
