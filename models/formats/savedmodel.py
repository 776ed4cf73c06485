"""TensorFlow 2's SavedModel: the eager Keras model traced to a graph, with signatures to serve it by.

`serving_default` takes rows of numbers; `models.spec.BYTES_SIGNATURE` takes the same rows as bytes.

Layout: `1/saved_model.pb` and `1/variables/`; 1 is the version, as TensorFlow Serving expects.
https://www.tensorflow.org/guide/saved_model
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models import zoo
from models.byte_rows import decode_rows
from models.formats import Batch, Loaded, one_row
from models.keras_weights import set_weights
from models.spec import BYTES_SIGNATURE, ModelSpec
from models.tensorflow_setup import configure, devices_of, intra_op_threads
from models.tensorflow_setup import tensorflow as tf
from models.weights import Weights

FRAMEWORK = "tensorflow"
SERVED = ""
SIGNATURE = "serving_default"
VERSION = "1"
NO_LAYERS = (
    "a static graph returns its final outputs only: a SavedModel answers what its signature names, and the layers lie "
    "inside the function that it calls"
)


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Trace the Keras model for any batch size and save it with its serving signatures.

    What is saved is a module that holds the TensorFlow variables, not the Keras model: saved as itself, a Keras 3
    model leaves the variables that the signature reads without values for whoever restores it into a session, and
    that is how TensorFlow Serving loads a SavedModel.
    """
    model = zoo.network(spec.name, "keras_model").build()
    set_weights(model, weights)
    image, probabilities = spec.inputs[0], spec.outputs[0]
    rows = tf.TensorSpec([None, *image.row_shape], image.dtype, name=image.name)

    @tf.function(input_signature=[rows])  # type: ignore[untyped-decorator]
    def serve(batch: Any) -> dict[str, Any]:
        return {probabilities.name: model(batch, training=False)}

    strings = tf.TensorSpec([None], tf.string, name=image.bytes_name)

    @tf.function(input_signature=[strings])  # type: ignore[untyped-decorator]
    def serve_bytes(batch: Any) -> dict[str, Any]:
        return {probabilities.name: model(decode_rows(batch, image), training=False)}

    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    signatures = {SIGNATURE: serve, BYTES_SIGNATURE: serve_bytes}
    tf.saved_model.save(module, str(folder / VERSION), signatures=signatures)


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Call the serving signature, by its input's name."""
    configure(threads, device)
    loaded = tf.saved_model.load(str(folder / VERSION))
    signature = loaded.signatures[SIGNATURE]
    name, output = spec.inputs[0].name, spec.outputs[0].name

    def predict(batch: Batch, _keep: Any = loaded) -> Batch:  # a signature does not keep its variables alive
        result: Batch = signature(**{name: tf.constant(batch)})[output].numpy()
        return result

    answer = signature(**{name: tf.constant(one_row(spec))})[output]
    device = devices_of([answer, *signature.trainable_variables])
    return Loaded(predict, device, no_layers=NO_LAYERS, intra_op_threads=intra_op_threads())
