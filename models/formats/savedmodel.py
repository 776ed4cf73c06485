"""TensorFlow 2's SavedModel: the eager Keras model traced to a graph, with signatures to serve it by.

`serving_default` takes rows of numbers; `serveoff.models.spec.BYTES_SIGNATURE` takes the same rows as bytes, and
`serveoff.models.spec.IMAGE_SIGNATURE`, of a model that takes images, as JPEG or PNG files.

Layout: `1/saved_model.pb`, `1/variables/` and `1/assets.extra/`; 1 is the version, as TensorFlow Serving expects.
https://www.tensorflow.org/guide/saved_model
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from serveoff.models.encoded_rows import decode_images, decode_rows, of_shape
from serveoff.models.formats import Loaded, one_row
from serveoff.models.frameworks.keras_calling import Network, plain
from serveoff.models.frameworks.keras_weights import filled
from serveoff.models.frameworks.sessions import quickest_call
from serveoff.models.frameworks.tensorflow_setup import configure, devices_of, intra_op_threads
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.frameworks.warm_up import write_warm_up
from serveoff.models.spec import BYTES_SIGNATURE, IMAGE_SIGNATURE, SIGNATURE, ModelSpec, TensorSpec
from serveoff.models.tensors import Batch, as_specified, by_name, named
from serveoff.models.weights import Weights

from tensorflow.python.trackable.resource import CapturableResource  # isort: skip  # after its log level is set

Call = Callable[[Mapping[str, Any]], dict[str, Any]]
"""TensorFlow's tensors by the names of the inputs to those by the names of the outputs."""

FRAMEWORK = "tensorflow"
SERVED = ""
VERSION = "1"
NO_LAYERS = (
    "a static graph returns its final outputs only: a SavedModel answers what its signature names, and the layers lie "
    "inside the function that it calls"
)


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Trace the zoo's Keras model for any batch size and save it with its serving signatures."""
    save(Network(filled(spec.name, weights), plain(spec), spec), folder)


def save(network: Network, folder: Path) -> None:
    """Trace a Keras model for any batch size and save it with its serving signatures.

    What is saved is a module that holds the TensorFlow variables, not the Keras model: saved as itself, a Keras 3
    model leaves the variables that the signature reads without values for whoever restores it into a session, and
    that is how TensorFlow Serving loads a SavedModel.
    """
    variables = [variable.value for variable in network.model.variables]
    write(network, [*variables, *tables_of(network.model)], network.spec, folder)


def tables_of(model: Any) -> list[Any]:
    """The lookup tables of a model's layers, which are no variables and have to be saved as well."""
    return [found for found in tf.train.TrackableView(model).descendants() if isinstance(found, CapturableResource)]


def write(call: Call, variables: Sequence[Any], spec: ModelSpec, folder: Path) -> None:
    """Trace what computes a model's outputs for any batch size and save it, with the variables that it reads."""
    call = carrying(call, spec)

    @tf.function(input_signature=[taken(tensor) for tensor in spec.inputs])  # type: ignore[untyped-decorator]
    def serve(*rows: Any) -> dict[str, Any]:
        return call(named(spec.inputs, list(map(of_shape, rows, spec.inputs))))

    as_bytes = [tf.TensorSpec([None], tf.string, name=tensor.bytes_name) for tensor in spec.inputs]

    @tf.function(input_signature=as_bytes)  # type: ignore[untyped-decorator]
    def serve_bytes(*strings: Any) -> dict[str, Any]:
        rows = [decode_rows(rows, tensor) for rows, tensor in zip(strings, spec.inputs, strict=True)]
        return call(named(spec.inputs, rows))

    module = tf.Module()
    module.weights = list(variables)
    signatures = {SIGNATURE: serve, BYTES_SIGNATURE: serve_bytes}
    if spec.image is not None:
        signatures[IMAGE_SIGNATURE] = serving_images(call, spec.image)
    tf.saved_model.save(module, str(folder / VERSION), signatures=signatures)
    write_warm_up(one_row(spec, folder), spec, folder / VERSION)


def carrying(call: Call, spec: ModelSpec) -> Call:
    """The same call, its outputs in the dtypes of the spec: floats of 16 bits are carried by wider ones."""

    def wide(batch: Mapping[str, Any]) -> dict[str, Any]:
        answer = call(batch)
        return {tensor.name: tf.cast(answer[tensor.name], tensor.dtype) for tensor in spec.outputs}

    return wide


def serving_images(call: Call, image: TensorSpec) -> Any:
    """The function of `IMAGE_SIGNATURE`."""
    files = tf.TensorSpec([None], tf.string, name=image.encoded_name)

    @tf.function(input_signature=[files])  # type: ignore[untyped-decorator]
    def serve_images(strings: Any) -> dict[str, Any]:
        return call({image.name: decode_images(strings, image)})

    return serve_images


def taken(tensor: TensorSpec) -> Any:
    """An input as numbers, for a batch of any size."""
    return tf.TensorSpec([None, *tensor.row_shape], tensor.dtype, name=tensor.name)


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Call the serving signature, by its inputs' names."""
    configure(threads, device)
    loaded = tf.saved_model.load(str(folder / VERSION))
    signature, names = loaded.signatures[SIGNATURE], [tensor.name for tensor in spec.inputs]

    def run(batch: Batch, _keep: Any = loaded) -> dict[str, Any]:  # a signature does not keep its variables alive
        return by_name(signature(**{name: tf.constant(batch[name]) for name in names}), spec.outputs)

    def predict(batch: Batch) -> Batch:
        return as_specified({name: tensor.numpy() for name, tensor in run(batch).items()}, spec.outputs)

    row = one_row(spec, folder)
    device = devices_of([*run(row).values(), *signature.trainable_variables])
    quickest = cache(partial(quickest_call, partial(_fill, folder, spec), spec, threads, device, row))
    return Loaded(predict, device, quickest=quickest, no_layers=NO_LAYERS, intra_op_threads=intra_op_threads())


def _fill(folder: Path, spec: ModelSpec, session: Any) -> tuple[list[str], list[str]]:
    """Load it as TensorFlow Serving does, into a Session; the tensors that its signature names."""
    meta_graph = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(folder / VERSION))
    signature = meta_graph.signature_def[SIGNATURE]
    feeds = [signature.inputs[tensor.name].name for tensor in spec.inputs]
    return feeds, [signature.outputs[tensor.name].name for tensor in spec.outputs]
