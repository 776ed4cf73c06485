"""Keras to SavedModel: the model traced to a graph for any number of rows."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.formats import savedmodel
from serveoff.models.loading.keras_eager import model_keras
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write a SavedModel that holds the variables of the Keras model."""
    savedmodel.save(model_keras.build(source, spec), target)
