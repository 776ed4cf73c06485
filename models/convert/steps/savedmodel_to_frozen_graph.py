"""SavedModel to TensorFlow 1's frozen graph: its serving signature, with the variables turned to constants."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert.tf_graphs import freeze
from serveoff.models.formats import frozen_graph
from serveoff.models.formats.savedmodel import VERSION
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import SIGNATURE, ModelSpec


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the frozen graph of the signature `serving_default`."""
    loaded = tf.saved_model.load(str(source / VERSION))
    signature = loaded.signatures[SIGNATURE]
    frozen_graph.write(freeze(lambda batch: signature(**batch), spec), spec, target)
