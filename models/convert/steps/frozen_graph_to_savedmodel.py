"""TensorFlow 1's frozen graph to a SavedModel of TensorFlow 2, which has the same constants."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert.tf_graphs import tf1
from serveoff.models.formats import savedmodel
from serveoff.models.formats.frozen_graph import FILE, edge
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import by_name


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write a SavedModel around the graph."""
    graph_def = tf1.GraphDef.FromString((source / FILE).read_bytes())
    wrapped = tf1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
    inputs, outputs = (
        [wrapped.graph.get_tensor_by_name(edge(tensor.name)) for tensor in tensors]
        for tensors in (spec.inputs, spec.outputs)
    )
    pruned = wrapped.prune(inputs, outputs)
    savedmodel.write(lambda batch: by_name(pruned(*batch.values()), spec.outputs), [], spec, target)
