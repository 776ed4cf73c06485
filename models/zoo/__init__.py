"""The models that can be trained: one folder each, found by its name.

A folder offers, below `serveoff.models.zoo.<model>`:

- SPEC; LAYERS, the layers that have weights, in order, by the name that every way of writing the network gives them
  (left out where there is none to ask for); PACKAGES, the distributions that its recipe needs beside the frameworks;
- `torch_module`: build() and, for LAYERS, layer_output(name, given); weights_of(state) and state_of(weights) where
  models/weights.py does not know its layers;
- `keras_model`: build(), called with a tensor, or with a dict of several by name; assign(model, weights) where
  models/frameworks/keras_weights.py does not find its variables;
- `tf1_graph`: build(), which gives the placeholders and the outputs by name, and, for LAYERS, LAYER_TENSORS;
- `recipe`: see models/train.py.
"""

import importlib
import pkgutil
from types import ModuleType

from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec


def names() -> list[str]:
    """Every model of the zoo, in the order of the alphabet."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load_spec(model: str) -> ModelSpec:
    """The spec of a zoo model, without importing a framework; ArtifactError where there is no such model."""
    spec = _module(model).SPEC
    assert isinstance(spec, ModelSpec)
    return spec


def network(model: str, written_in: str) -> ModuleType:
    """One way in which a model is written: `torch_module`, `keras_model` or `tf1_graph`; or its `recipe`."""
    load_spec(model)
    return importlib.import_module(f"serveoff.models.zoo.{model}.{written_in}")


def layers(model: str) -> tuple[str, ...]:
    """The layers that have weights, in order, by the name that every way of writing the network gives them."""
    names: tuple[str, ...] = getattr(_module(model), "LAYERS", ())
    return names


def packages(model: str) -> tuple[str, ...]:
    """The distributions that a model's recipe needs beside the frameworks."""
    names: tuple[str, ...] = getattr(_module(model), "PACKAGES", ())
    return names


def _module(model: str) -> ModuleType:
    if model not in names():
        raise ArtifactError(f"there is no model {model!r}: a model is a folder of models/zoo ({', '.join(names())})")
    return importlib.import_module(f"serveoff.models.zoo.{model}")
