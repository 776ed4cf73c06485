"""An nn.Module by a factory of the user's own packages, and its state_dict.

`module.json` names the factory, {"factory": "package.module:factory"}, which is imported and called without arguments;
from `code/` beside it, where that is, before any other place: that code is what the manifest's hash speaks of.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from serveoff.models.frameworks.torch_state import read_state
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec

FILE = "module.json"
CODE = "code"


def build(folder: Path, spec: ModelSpec, device: str) -> nn.Module:
    """What the factory makes, with the folder's weights; ArtifactError where that is no module."""
    return read(folder, device)


def read(folder: Path, device: str) -> nn.Module:
    """The same: a folder says all that is needed."""
    code = str((folder / CODE).resolve())
    if (folder / CODE).is_dir() and code not in sys.path:
        sys.path.insert(0, code)
    module = made(str(json.loads((folder / FILE).read_text())["factory"]))
    module.load_state_dict(read_state(folder, device))
    return module


def made(name: str) -> nn.Module:
    """What a factory makes; ArtifactError where that is no module."""
    module = factory(name)()
    if not isinstance(module, nn.Module):
        raise ArtifactError(f"{name} makes a {type(module).__name__}, not a torch.nn.Module")
    return module


def factory(name: str) -> Callable[[], Any]:
    """The callable that `package.module:name` names."""
    package, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(package), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ArtifactError(
            f"the factory {name!r} cannot be imported ({error}): it is `package.module:factory`, of a package that is "
            "installed or on PYTHONPATH wherever the model is loaded"
        ) from None
    if not callable(found):
        raise ArtifactError(f"the factory {name!r} is a {type(found).__name__}, which cannot be called")
    return found  # type: ignore[no-any-return]
