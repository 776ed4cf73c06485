"""TensorFlow 1's frozen graph: a GraphDef whose variables were turned to constants.

Layout: `frozen_graph.pb`, and `serving/1/saved_model.pb`, which wraps the same graph with signatures, because
TensorFlow Serving loads no bare GraphDef: `serving_default`, and `models.spec.BYTES_SIGNATURE` for rows as bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from models import zoo
from models.byte_rows import decode_rows
from models.formats import Batch, Loaded, Predict, one_row
from models.spec import BYTES_SIGNATURE, ModelSpec, TensorSpec
from models.tensorflow_setup import joined
from models.tensorflow_setup import tensorflow as tf
from models.weights import Weights

FRAMEWORK = "tensorflow"
FILE = "frozen_graph.pb"
WRAPPING = "serving/1"
SERVED = FILE

MOVES = frozenset({"_Send", "_Recv", "_HostSend", "_HostRecv", "_Arg", "_Retval", "Identity"})
"""Operations that hand a tensor on and compute nothing: some are on the CPU for any model, to feed and to fetch."""

tf1 = tf.compat.v1


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Write the frozen graph, and its wrapping for TensorFlow Serving."""
    frozen = freeze(spec, weights)
    (folder / FILE).write_bytes(frozen.SerializeToString(deterministic=True))
    wrap(frozen, spec, folder / WRAPPING)


def wrap(frozen: Any, spec: ModelSpec, folder: Path) -> None:
    """Write a SavedModel around a frozen graph that takes its first input as numbers or as bytes.

    The input becomes a placeholder with a default, which is what the bytes decode to: who feeds it runs nothing more
    than before, and both signatures share one graph and its constants.
    """
    image = spec.inputs[0]
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        strings = tf1.placeholder(tf.string, [None], name=image.bytes_name)
        with tf.name_scope(BYTES_SIGNATURE):  # apart from the names of the frozen graph
            decoded = decode_rows(strings, image)
        rows = tf1.placeholder_with_default(decoded, [None, *image.row_shape], name=image.name)
        tf.import_graph_def(_without(frozen, image), {f"{image.name}:0": rows}, name="")
        outputs = {tensor.name: graph.get_tensor_by_name(f"{tensor.name}:0") for tensor in spec.outputs}
        others = {tensor.name: graph.get_tensor_by_name(f"{tensor.name}:0") for tensor in spec.inputs[1:]}
        signature = tf1.saved_model.predict_signature_def
        signatures = {
            "serving_default": signature({image.name: rows, **others}, outputs),
            BYTES_SIGNATURE: signature({image.bytes_name: strings, **others}, outputs),
        }
        builder = tf1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, [tf1.saved_model.tag_constants.SERVING], signatures)
        builder.save()


def _without(frozen: Any, tensor: TensorSpec) -> Any:
    """The same GraphDef without the placeholder of an input, whose name something else takes."""
    graph_def = tf1.GraphDef()
    graph_def.CopyFrom(frozen)
    del graph_def.node[:]
    graph_def.node.extend(node for node in frozen.node if node.name != tensor.name)
    return graph_def


def freeze(spec: ModelSpec, weights: Weights) -> Any:
    """The model's GraphDef with the weights as constants: define the graph, fill it in a Session, convert it."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        zoo.network(spec.name, "tf1_graph").build()
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        return tf1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [tensor.name for tensor in spec.outputs]
        )


def imported(graph_def: Any) -> Any:
    """A graph that holds a GraphDef's operations by their own names."""
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    return graph


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Run the frozen graph in a Session; `make_callable` spares looking the tensors up for every call."""
    graph_def = tf1.GraphDef.FromString((folder / FILE).read_bytes())
    devices = {"GPU": 0} if device == "cpu" else {}
    inter_op = 1 if threads else 0
    config = tf1.ConfigProto(
        intra_op_parallelism_threads=threads, inter_op_parallelism_threads=inter_op, device_count=devices
    )
    config.gpu_options.allow_growth = True
    session = tf1.Session(graph=imported(graph_def), config=config)
    feed, fetch = f"{spec.inputs[0].name}:0", f"{spec.outputs[0].name}:0"
    run = session.make_callable(fetch, [feed])

    def predict(batch: Batch) -> Batch:
        result: Batch = run(batch)
        return result

    device = placement(session, fetch, {feed: one_row(spec)})
    intra_op_threads = config.intra_op_parallelism_threads
    return Loaded(predict, device, layers=layers_of(session, spec, feed), intra_op_threads=intra_op_threads)


def layers_of(session: Any, spec: ModelSpec, feed: str) -> Mapping[str, Predict]:
    """Each layer's output: a frozen graph keeps its operations, and a Session runs up to whichever is named."""
    tensors: Mapping[str, str] = zoo.network(spec.name, "tf1_graph").LAYER_TENSORS

    def output(tensor: str, batch: Batch) -> Batch:
        result: Batch = session.run(tensor, {feed: batch})
        return result

    kept = {operation.name for operation in session.graph.get_operations()}
    found = {name: tensor for name, tensor in tensors.items() if tensor.partition(":")[0] in kept}
    return {name: partial(output, tensor) for name, tensor in found.items()}


def placement(session: Any, fetch: str, feeds: dict[str, Batch]) -> str:
    """Where a Session computes: the devices of all operations on floats, in the graph as it was placed and run."""
    options, found = tf1.RunOptions(output_partition_graphs=True), tf1.RunMetadata()
    session.run(fetch, feeds, options=options, run_metadata=found)
    nodes = [node for graph in found.partition_graphs for node in graph.node if node.op not in MOVES]
    return joined(node.device for node in nodes if node.attr["T"].type == tf.float32.as_datatype_enum)
