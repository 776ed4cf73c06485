"""A section of the report each: figures and sentences, made from the analysis."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def modules() -> dict[str, ModuleType]:
    """Every module of this package and those in it, by its own name, by which the templates know it."""
    names = [info.name for info in pkgutil.walk_packages(__path__, f"{__name__}.") if not info.ispkg]
    return {name.rpartition(".")[2]: importlib.import_module(name) for name in names}
