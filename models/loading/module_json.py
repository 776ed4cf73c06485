"""An nn.Module by a factory of the user's own packages, and its state_dict, `model.pt`: the node `torch`.

`module.json` names the factory, {"factory": "package.module:factory"}, which is imported and called without arguments,
and in "passed" how the inputs go to the module, where that is not by position (torch_calling.Called);
from `code/` beside it, where that is, before any other place: that code is what the manifest's hash speaks of. Its
modules live in a namespace of their own: see user_modules.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from serveoff.models.frameworks.torch_calling import Called, read_state
from serveoff.models.loading import user_modules
from serveoff.models.loading.user_modules import UserModules
from serveoff.models.manifest import ArtifactError

FILE = "module.json"
CODE = "code"


class FactoryMissing(ArtifactError):
    """There is no such factory to import."""


def build(folder: Path, device: str) -> nn.Module:
    """What the factory makes, with the folder's weights; ArtifactError where that is no module."""
    described = json.loads((folder / FILE).read_text())
    module = made(str(described["factory"]), user_modules.below(str((folder / CODE).resolve())))
    module.load_state_dict(read_state(folder, device))
    return called(module, described.get("passed", []))


def called(module: nn.Module, passed: Sequence[Sequence[str]]) -> nn.Module:
    """A module that takes its inputs by position: itself, where it does."""
    return Called(module, [(name, dtype) for name, dtype in passed]) if any(map(any, passed)) else module


def made(name: str, modules: UserModules) -> nn.Module:
    """What a factory makes, out of what DataParallel and torch.compile put around it; ArtifactError for no module."""
    found = factory(name, modules)
    module = found if isinstance(found, nn.Module) else found()
    if isinstance(module, nn.DataParallel):
        module = module.module
    module = getattr(module, "_orig_mod", module)
    if not isinstance(module, nn.Module):
        raise ArtifactError(f"{name} makes a {type(module).__name__}, not a torch.nn.Module")
    return module


def factory(name: str, modules: UserModules) -> Callable[[], Any]:
    """The callable that `package.module:name` names."""
    user_modules.see_libraries()
    package, _, attribute = name.partition(":")
    try:
        found = getattr(modules.import_module(package), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        reason = str(error).replace(modules.prefix, "")
        raise FactoryMissing(
            f"the factory {name!r} cannot be imported ({reason}): it is `package.module:factory`, of a package in the "
            "folder where it is imported, on PYTHONPATH or installed"
        ) from None
    if not callable(found):
        raise ArtifactError(f"the factory {name!r} is a {type(found).__name__}, which cannot be called")
    return found  # type: ignore[no-any-return]
