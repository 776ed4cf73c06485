"""TensorFlow 1's frozen graph: a GraphDef whose variables were turned to constants.

Layout: `frozen_graph.pb`, and `serving/1/saved_model.pb`, which wraps the same graph with signatures, because
TensorFlow Serving loads no bare GraphDef: `serving_default`, `serveoff.models.spec.BYTES_SIGNATURE` for rows as bytes,
and `serveoff.models.spec.IMAGE_SIGNATURE` for images as files.
The graph's placeholders and its outputs have the names of the spec.
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from serveoff.models import catalog, zoo
from serveoff.models.encoded_rows import decode_images, decode_rows, of_shape
from serveoff.models.formats import Loaded, Predict, one_row
from serveoff.models.frameworks.sessions import calling, config_of, quickest_call
from serveoff.models.frameworks.tensorflow_setup import joined
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.frameworks.warm_up import write_warm_up
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import BYTES_SIGNATURE, IMAGE_SIGNATURE, SIGNATURE, ModelSpec, TensorSpec
from serveoff.models.tensors import Batch
from serveoff.models.weights import Weights

FRAMEWORK = "tensorflow"
FILE = "frozen_graph.pb"
WRAPPING = "serving/1"
SERVED = FILE

MOVES = frozenset({"_Send", "_Recv", "_HostSend", "_HostRecv", "_Arg", "_Retval", "Identity"})
"""Operations that hand a tensor on and compute nothing: some are on the CPU for any model, to feed and to fetch."""

tf1 = tf.compat.v1
FLOATS = frozenset(kind.as_datatype_enum for kind in (tf.float32, tf.float64, tf.float16, tf.bfloat16))


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Write the zoo's frozen graph, and its wrapping for TensorFlow Serving."""
    write(freeze(spec, weights), spec, folder)


def write(frozen: Any, spec: ModelSpec, folder: Path) -> None:
    """Write a frozen GraphDef as an artifact."""
    (folder / FILE).write_bytes(frozen.SerializeToString(deterministic=True))
    wrap(frozen, spec, folder / WRAPPING)


def wrap(frozen: Any, spec: ModelSpec, folder: Path) -> None:
    """Write a SavedModel around a frozen graph that takes its inputs as numbers or as bytes.

    Each input becomes a placeholder with a default, which is what the bytes decode to: who feeds it runs nothing more
    than before, and all signatures share one graph and its constants.
    """
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        files = {} if spec.image is None else {spec.image.encoded_name: _strings(spec.image.encoded_name)}
        strings = {tensor.bytes_name: _strings(tensor.bytes_name, optional=bool(files)) for tensor in spec.inputs}
        rows = {tensor.name: _rows(strings[tensor.bytes_name], tensor, *files.values()) for tensor in spec.inputs}
        used = {name.partition(":")[0] for node in frozen.node for name in node.input}
        mapped = {
            edge(tensor.name): _checked(rows[tensor.name], tensor) for tensor in spec.inputs if tensor.name in used
        }
        tf.import_graph_def(_without(frozen, rows), mapped, name="")
        outputs = {tensor.name: graph.get_tensor_by_name(edge(tensor.name)) for tensor in spec.outputs}
        signature = tf1.saved_model.predict_signature_def
        signatures = {SIGNATURE: signature(rows, outputs), BYTES_SIGNATURE: signature(strings, outputs)}
        if files:
            signatures[IMAGE_SIGNATURE] = signature(files, outputs)
        builder = tf1.saved_model.Builder(str(folder))
        # Without default values, an older server knows the attributes that this TensorFlow writes.
        tags = [tf1.saved_model.tag_constants.SERVING]
        builder.add_meta_graph_and_variables(session, tags, signatures, strip_default_attrs=True)
        builder.save()
    write_warm_up(one_row(spec, folder.parents[1]), spec, folder)


def _rows(strings: Any, tensor: TensorSpec, files: Any = None) -> Any:
    """An input's placeholder, by its name, that is what some strings decode to unless it is fed."""
    with tf.name_scope(f"{BYTES_SIGNATURE}/{tensor.name}/"):  # apart from the names of the frozen graph
        decoded = decode_rows(strings, tensor) if files is None else _either(strings, files, tensor)
    return tf1.placeholder_with_default(decoded, [None, *tensor.row_shape], name=tensor.name)


def _checked(rows: Any, tensor: TensorSpec) -> Any:
    with tf.name_scope(f"{BYTES_SIGNATURE}/{tensor.name}/"):
        return of_shape(rows, tensor)


def _strings(name: str, optional: bool = True) -> Any:
    """A placeholder for strings; an optional one has none unless it is fed."""
    if not optional:
        return tf1.placeholder(tf.string, [None], name)
    none = tf.constant([], tf.string, name=f"{name}/none")  # apart from the names of the frozen graph, too
    return tf1.placeholder_with_default(none, [None], name)


def _either(strings: Any, files: Any, tensor: TensorSpec) -> Any:
    """Images from files where there are any, or else rows from strings: a signature feeds one of them."""
    are_files = tf.not_equal(tf.size(files), 0)
    return tf.cond(are_files, lambda: decode_images(files, tensor), lambda: decode_rows(strings, tensor))


def _without(frozen: Any, names: Mapping[str, Any]) -> Any:
    """The same GraphDef without the placeholders of the inputs, whose names something else takes."""
    graph_def = tf1.GraphDef()
    graph_def.CopyFrom(frozen)
    del graph_def.node[:]
    graph_def.node.extend(node for node in frozen.node if node.name not in names)
    return graph_def


def edge(name: str) -> str:
    """The tensor that the operation of this name gives."""
    return f"{name}:0"


def freeze(spec: ModelSpec, weights: Weights) -> Any:
    """The zoo model's GraphDef with the weights as constants: define the graph, fill it in a Session, convert it."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        inputs, outputs = zoo.network(spec.name, "tf1_graph").build()
        for name, tensor in {**inputs, **outputs}.items():
            if tensor.name != edge(name):
                raise ArtifactError(f"models/zoo/{spec.name}/tf1_graph.py calls {name} {tensor.name}, not {edge(name)}")
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        return tf1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [tensor.name for tensor in (*spec.inputs, *spec.outputs)]
        )


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Run the frozen graph in a Session; `make_callable` spares looking the tensors up for every call."""
    graph_def = tf1.GraphDef.FromString((folder / FILE).read_bytes())
    config = config_of(threads, device)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    session = tf1.Session(graph=graph, config=config)
    feeds, fetches = ([edge(tensor.name) for tensor in tensors] for tensors in (spec.inputs, spec.outputs))

    def fill(session: Any) -> tuple[list[str], list[str]]:
        tf.import_graph_def(graph_def, name="")
        return feeds, fetches

    row = one_row(spec, folder)
    quickest = cache(partial(quickest_call, fill, spec, threads, device, row))
    device = placement(session, fetches, fed(row))
    return Loaded(
        calling(session.make_callable(fetches, feeds), spec),
        device,
        quickest=quickest,
        layers=layers_of(session, spec),
        no_layers=catalog.no_layers(spec.name),
        intra_op_threads=config.intra_op_parallelism_threads,
    )


def fed(batch: Batch) -> dict[str, Any]:
    """A batch as a Session takes it."""
    return {edge(name): array for name, array in batch.items()}


def layers_of(session: Any, spec: ModelSpec) -> Mapping[str, Predict]:
    """Each layer's output: a frozen graph keeps its operations, and a Session runs up to whichever is named."""
    if not catalog.layers(spec.name):
        return {}
    tensors: Mapping[str, str] = zoo.network(spec.name, "tf1_graph").LAYER_TENSORS

    def output(name: str, batch: Batch) -> Batch:
        return {name: session.run(tensors[name], fed(batch))}

    kept = {operation.name for operation in session.graph.get_operations()}
    return {name: partial(output, name) for name, tensor in tensors.items() if tensor.partition(":")[0] in kept}


def placement(session: Any, fetches: Sequence[str], feeds: dict[str, Any]) -> str:
    """Where a Session computes: the devices of all operations on floats, in the graph as it was placed and run.

    A graph that knows integers only computes where all its operations are.
    """
    options, found = tf1.RunOptions(output_partition_graphs=True), tf1.RunMetadata()
    session.run(fetches, feeds, options=options, run_metadata=found)
    nodes = [node for graph in found.partition_graphs for node in graph.node if node.op not in MOVES]
    floats = [node for node in nodes if node.attr["T"].type in FLOATS]
    return joined(node.device for node in floats or nodes)
