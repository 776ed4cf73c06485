"""How the network in the folder of an eager format is built: a folder per format, a module per way.

A way is found by its name: that of the file in the artifact's folder that asks for it, with underscores, so that
`model.keras` is built by `model_keras`. Without such a file the folder holds the weights of a class of models/zoo.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

FROM_ZOO = "zoo_class"


def find(format: str, folder: Path) -> ModuleType:
    """The module that builds the network in an artifact's folder."""
    package = f"{__name__}.{format}"
    names = [path.name.replace(".", "_") for path in sorted(folder.iterdir()) if path.is_file()]
    asked = [name for name in names if importlib.util.find_spec(f"{package}.{name}")]
    return importlib.import_module(f"{package}.{asked[0] if asked else FROM_ZOO}")
