"""TensorFlow 1's own reading of a frozen graph: imported into a graph, and run in a Session."""

import math
from pathlib import Path
from typing import Any

from serveoff.models.convert.tf_graphs import renamed
from serveoff.models.formats import frozen_graph
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing.kinds.frozen_graph import feeds, fetches
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

tf1 = tf.compat.v1


class Model:
    """A GraphDef in a Session."""

    def __init__(self, source: Source) -> None:
        self._graph_def: Any = tf1.GraphDef.FromString(Path(source.path).read_bytes())
        for node in self._graph_def.node:
            node.device = ""  # where it was trained says nothing of where it is served
        nodes, graph = self._graph_def.node, tf.Graph()
        with graph.as_default():
            tf.import_graph_def(self._graph_def, name="")
        self._session: Any = tf1.Session(graph=graph)
        ports = tuple(_port(graph.get_tensor_by_name(name)) for name in feeds(source, nodes))
        self.found = Found(inputs=ports, outputs=fetches(source, nodes))
        shapes = (node.attr["value"].tensor.tensor_shape for node in nodes if node.op == "Const")
        self.parameters = sum(math.prod(size.size for size in shape.dim) for shape in shapes)

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Run the graph."""
        answers = self._session.run(list(self.found.outputs), batch)
        return dict(zip(self.found.outputs, answers, strict=True))

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """Write the graph with the spec's names, and its wrapping for TensorFlow Serving."""
        inputs = [names.inputs[tensor.name] for tensor in spec.inputs]
        outputs = [names.outputs[tensor.name] for tensor in spec.outputs]
        frozen_graph.write(renamed(self._graph_def, inputs, outputs, spec), spec, folder)


def _port(tensor: Any) -> Port:
    shape = None
    if tensor.shape.rank is not None:
        shape = tuple(-1 if size is None else size for size in tensor.shape.as_list())
    return Port(name=tensor.name, dtype=tensor.dtype.name, shape=shape)
