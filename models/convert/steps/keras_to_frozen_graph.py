"""Keras to TensorFlow 1's frozen graph: the model traced to a graph, its variables turned to constants."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert.tf_graphs import freeze
from serveoff.models.formats import frozen_graph
from serveoff.models.loading.keras_eager import model_keras
from serveoff.models.spec import ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the frozen graph of the Keras model."""
    frozen_graph.write(freeze(model_keras.build(source, spec), spec), spec, target)
