"""TensorFlow 1's own reading of a frozen graph: imported into a graph, and run in a Session."""

import math
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from serveoff.models.convert.tf_graphs import renamed
from serveoff.models.formats import frozen_graph
from serveoff.models.frameworks.tensorflow_setup import precision_of
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing.constants import array_of, is_state, value_of
from serveoff.models.importing.kinds.frozen_graph import DEFAULTED, PLACEHOLDERS, feeds, fetches
from serveoff.models.importing.readers import tf_operators
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, carried, widened

tf1 = tf.compat.v1
ARITHMETIC = frozenset({"Add", "AddV2", "Sub", "Mul", "GreaterEqual", "Less", "Floor"})
"""Operations that take one number in place of many."""


class Model:
    """A GraphDef in a Session."""

    def __init__(self, source: Source) -> None:
        self._graph_def: Any = tf1.GraphDef.FromString(Path(source.path).read_bytes())
        nodes, graph = self._graph_def.node, tf.Graph()
        defaulted = _settle(nodes, source)
        fixed = _freed(nodes, {name.partition(":")[0] for name in feeds(source, nodes)})
        with graph.as_default(), tf_operators.known():
            tf.import_graph_def(self._graph_def, name="")
        self._session: Any = tf1.Session(graph=graph)
        ports = tuple(_port(graph.get_tensor_by_name(name)) for name in feeds(source, nodes))
        self.found = Found(
            inputs=ports,
            outputs=_outputs(graph, source, fetches(source, nodes)),
            settable=True,
            precision=precision_of(self._graph_def),
            fixed=fixed,
            defaulted=tuple(_port(graph.get_tensor_by_name(f"{name}:0")) for name in defaulted),
        )
        shapes = (node.attr["value"].tensor.tensor_shape for node in nodes if node.op == "Const")
        self.parameters = sum(math.prod(size.size for size in shape.dim) for shape in shapes)

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Run the graph."""
        answers = map(widened, self._session.run(list(self.found.outputs), batch))
        return dict(zip(self.found.outputs, answers, strict=True))

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """Write the graph with the spec's names, and its wrapping for TensorFlow Serving."""
        inputs = [names.inputs[tensor.name] for tensor in spec.inputs]
        outputs = [names.outputs[tensor.name] for tensor in spec.outputs]
        frozen_graph.write(renamed(_without_chance(self._graph_def), inputs, outputs, spec), spec, folder)


def _outputs(graph: Any, source: Source, fetched: Sequence[str]) -> tuple[str, ...]:
    """Those that are named, or else all results of the last operations."""
    if source.fetch:
        return tuple(fetched)
    operations = (graph.get_operation_by_name(name.partition(":")[0]) for name in fetched)
    return tuple(tensor.name for operation in operations for tensor in operation.outputs)


def _settle(nodes: Any, source: Source) -> list[str]:
    """Constants in place of the placeholders that have one, and defaults in place of those that nobody feeds.

    The names of the latter.
    """
    fed, defaulted = {name.removesuffix(":0") for name in source.feed}, list[str]()
    states = list[tuple[Any, Array]]()
    for node in nodes:
        node.device = ""  # where it was trained says nothing of where it is served
        if node.op not in PLACEHOLDERS:
            continue
        dtype, value = tf.as_dtype(node.attr["dtype"].type), value_of(source.constants, node.name)
        if value is not None:
            shape = tuple(size.size for size in node.attr["shape"].shape.dim)
            array = array_of(node.name, dtype.name, shape, value)
            _set(node, tf.make_tensor_proto(array))
            states += [(node, array)] if is_state(shape) else []
        elif node.op == DEFAULTED and node.name not in fed:
            node.CopyFrom(tf1.NodeDef(name=node.name, op="Identity", input=node.input))
            node.attr["T"].type = dtype.as_datatype_enum
            defaulted.append(node.name)
    for node, array in states:
        _repeat(nodes, node, array, feeds(source, nodes)[0].partition(":")[0])
    return defaulted


def _repeat(nodes: Any, node: Any, state: Array, fed: str) -> None:
    """A state's one row, in its second axis, for as many rows as are fed, in place of its constant."""
    given = next(other for other in nodes if other.name == fed)
    if given.op not in PLACEHOLDERS:
        return
    with tf.Graph().as_default() as made:
        rows = tf1.placeholder(tf.as_dtype(given.attr["dtype"].type), name=fed)
        with tf.name_scope(f"{node.name}_rows"):
            counts = tf.concat([[1], tf.shape(rows)[:1], [1] * (state.ndim - 2)], 0)
        tf.tile(state, counts, name=node.name)
    for new in made.as_graph_def().node:
        if new.name == node.name:
            node.CopyFrom(new)
        elif new.name != fed:
            nodes.append(new)


def _freed(nodes: Any, fed: Set[str]) -> int:
    """Free the first axis of what is fed, where that is for one row; the number of rows, or 0 where it was free.

    A vector of one number is no row: it may be one for a whole batch. Nor are the layers of a state.
    """
    placeholders = [node for node in nodes if node.name in fed and node.op in PLACEHOLDERS and "shape" in node.attr]
    shapes = [node.attr["shape"].shape.dim for node in placeholders]
    free = any(sizes[0].size == -1 for sizes in shapes if sizes)
    rows = [sizes for sizes in shapes if not (free and is_state([size.size for size in sizes]))]
    single = [sizes for sizes in rows if len(sizes) > 1 and sizes[0].size == 1]
    for sizes in single:
        sizes[0].size = -1
    for node in nodes if single else ():
        if "_output_shapes" in node.attr:  # what the shapes were when it was frozen
            del node.attr["_output_shapes"]
    return 1 if single else 0


def _without_chance(graph_def: Any) -> Any:
    """The same graph with 0.5 for random numbers that only arithmetic takes, as a drop-out does that keeps all.

    Its answers were the same each time, so they use none of them; other frameworks have no operator that draws them.
    """
    steady = tf1.GraphDef()
    steady.CopyFrom(graph_def)
    fixed = {name for node in steady.node if node.op not in ARITHMETIC for name in node.input}
    for node in steady.node:
        if node.op == "RandomUniform" and node.name not in fixed:
            _set(node, tf.make_tensor_proto(0.5, tf.as_dtype(node.attr["dtype"].type)))
    return steady


def _set(node: Any, tensor: Any) -> None:
    """Make a constant of an operation."""
    node.CopyFrom(tf1.NodeDef(name=node.name, op="Const"))
    node.attr["dtype"].type = tensor.dtype
    node.attr["value"].tensor.CopyFrom(tensor)


def _port(tensor: Any) -> Port:
    shape = None
    if tensor.shape.rank is not None:
        shape = tuple(-1 if size is None else size for size in tensor.shape.as_list())
    return Port(name=tensor.name, dtype=carried(tensor.dtype.name), shape=shape)
