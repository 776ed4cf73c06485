"""The node `torch`: all that is needed to build a user's nn.Module again, as models.loading.torch_eager reads it.

| file | what |
|---|---|
| `module.json` | `factory`, as `package.module:factory` |
| `model.pt` | the state_dict, tensors only: read with `weights_only` |
| `code/` | the sources of the factory's package (or its one module), where it is not an installed distribution |

The code belongs to the artifact: its hash is in the manifest, and a server elsewhere needs nothing from the user's
machine but the distributions that the code imports.
"""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
from pathlib import Path

import torch
from torch import nn

from serveoff.models.frameworks.torch_state import PICKLED
from serveoff.models.loading.torch_eager import module_json


def write(folder: Path, factory: str, module: nn.Module) -> None:
    """Write a module that a factory built, with the weights that it has now."""
    torch.save(module.state_dict(), folder / PICKLED)
    _copy_code(factory, folder / module_json.CODE)
    (folder / module_json.FILE).write_text(json.dumps({"factory": factory}, indent=2) + "\n")


def load(folder: Path, device: str = "cpu") -> nn.Module:
    """The module of a folder, ready to predict; ArtifactError where its factory builds none."""
    return module_json.read(folder, device).eval()


def _copy_code(factory: str, target: Path) -> None:
    """Copy the Python files of the factory's top-level package or module, unless a distribution brings it."""
    top = sys.modules[factory.partition(":")[0].partition(".")[0]]
    parts = [Path(path) for path in getattr(top, "__path__", [])]
    sources = parts or [Path(str(top.__file__))]
    if any(_is_installed(source) for source in sources):
        return
    target.mkdir()
    for source in sources:
        files = sorted(source.rglob("*.py")) if source.is_dir() else [source]
        for file in files:
            copy = target / file.relative_to(source.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def _is_installed(source: Path) -> bool:
    roots = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib", "stdlib")}
    return any(source.resolve().is_relative_to(root) for root in roots)
