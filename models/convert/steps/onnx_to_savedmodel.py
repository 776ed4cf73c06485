"""ONNX to SavedModel: each operator by TensorFlow's own."""

from __future__ import annotations

from pathlib import Path

from serveoff.models.convert import onnx_models
from serveoff.models.convert.onnx_shapes import with_constant_shapes
from serveoff.models.convert.onnx_tf import Graph
from serveoff.models.formats import savedmodel
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import by_name


def convert(source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the SavedModel of the graph; Unconvertible names an operator that is not known."""
    graph = Graph(with_constant_shapes(onnx_models.read(source), spec))
    savedmodel.write(lambda batch: by_name(graph(batch), spec.outputs), graph.variables, spec, target)
