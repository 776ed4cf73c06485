"""A Keras model of models/zoo, which is code, and its weights, `model.weights.h5`."""

from __future__ import annotations

from pathlib import Path

from serveoff.models import zoo
from serveoff.models.frameworks.keras_calling import Network, plain
from serveoff.models.spec import ModelSpec

FILE = "model.weights.h5"


def build(folder: Path, spec: ModelSpec) -> Network:
    """The zoo's class with the folder's weights."""
    model = zoo.network(spec.name, "keras_model").build()
    model.load_weights(folder / FILE)
    return Network(model, plain(spec), spec)
