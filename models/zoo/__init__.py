"""The models that can be trained: one folder each, found by its name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType

from models.manifest import ArtifactError
from models.spec import ModelSpec


def names() -> list[str]:
    """Every model of the zoo, in the order of the alphabet."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load_spec(model: str) -> ModelSpec:
    """The spec of a zoo model, without importing a framework; ArtifactError where there is no such model."""
    spec = _module(model).SPEC
    assert isinstance(spec, ModelSpec)
    return spec


def network(model: str, written_in: str) -> ModuleType:
    """One way in which a model is written: `torch_module`, `keras_model` or `tf1_graph`; or its `data`."""
    load_spec(model)
    return importlib.import_module(f"models.zoo.{model}.{written_in}")


def layers(model: str) -> tuple[str, ...]:
    """The layers that have weights, in order, by the name that every way of writing the network gives them."""
    names: tuple[str, ...] = _module(model).LAYERS
    return names


def _module(model: str) -> ModuleType:
    name = f"models.zoo.{model}"
    if not model.isidentifier() or importlib.util.find_spec(name) is None:
        raise ArtifactError(f"there is no model {model!r}: a model is a folder of models/zoo")
    return importlib.import_module(name)
