"""The node `torch`: what is needed to build a user's nn.Module again, in one folder.

| file | what |
|---|---|
| `module.json` | `factory`, as `package.module:factory`, and `weights`, the file's name |
| `weights.pt` | the state_dict, tensors only: read with `weights_only` |
| `code/` | the sources of the factory's package (or its one module), where it is not an installed distribution |

The code belongs to the artifact: its hash is in the manifest, and a server elsewhere needs nothing from the user's machine
but the distributions that the code imports.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.manifest import ArtifactError

FILE = "module.json"
WEIGHTS = "weights.pt"
CODE = "code"


def write(folder: Path, factory: str, module: nn.Module) -> None:
    """Write a module that a factory built, with the weights that it has now."""
    torch.save(module.state_dict(), folder / WEIGHTS)
    _copy_code(factory, folder / CODE)
    (folder / FILE).write_text(json.dumps({"factory": factory, "weights": WEIGHTS}, indent=2) + "\n")


def load(folder: Path, device: str = "cpu") -> nn.Module:
    """The module of a folder, ready to predict; ArtifactError where its factory builds none."""
    described = json.loads((folder / FILE).read_text())
    if (folder / CODE).is_dir() and str(folder / CODE) not in sys.path:
        sys.path.insert(0, str(folder / CODE))
    module = built(described["factory"])
    module.load_state_dict(torch.load(folder / described["weights"], map_location=device, weights_only=True))
    return module.to(device).eval()


def built(factory: str) -> nn.Module:
    """What a factory, `package.module:factory`, builds."""
    name, _, attribute = factory.partition(":")
    try:
        build: Any = getattr(importlib.import_module(name), attribute)
    except ModuleNotFoundError as error:
        raise ArtifactError(f"{factory}: there is no module {error.name}") from None
    except AttributeError:
        raise ArtifactError(f"{factory}: the module {name} has no {attribute}") from None
    module = build()
    if not isinstance(module, nn.Module):
        raise ArtifactError(f"{factory} gives a {type(module).__name__}, not an nn.Module")
    return module


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
