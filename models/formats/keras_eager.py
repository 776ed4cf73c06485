"""TensorFlow 2, dynamic: the Keras model and its weights, called eagerly, operation by operation.

Layout: `model.weights.h5`, the weights of a subclassed model of the zoo, which has no graph to save: the class itself
is needed to load it; or a Keras file, `model.keras` (models/loading/keras_network.py).
"""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

from serveoff.models import catalog
from serveoff.models.formats import Loaded, Predict, one_row
from serveoff.models.frameworks.keras_calling import Network
from serveoff.models.frameworks.keras_weights import filled
from serveoff.models.frameworks.tensorflow_setup import configure, devices_of, intra_op_threads
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.loading.keras_network import WEIGHTS, build
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, as_specified, by_name
from serveoff.models.weights import Weights

FRAMEWORK = "tensorflow"
SERVED = ""
PREDICT = "keras_predict"
"""The call of Keras's high-level API, `model.predict`."""


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Save the weights of the Keras model."""
    filled(spec.name, weights).save_weights(folder / WEIGHTS)


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Build the model, fill it, and call it: no `tf.function` and no `model.predict`, which would trace a graph."""
    configure(threads, device)
    network = build(folder, spec)

    def predict(batch: Batch) -> Batch:
        return as_specified({name: tensor.numpy() for name, tensor in run(network, batch).items()}, spec.outputs)

    def by_keras_predict(batch: Batch) -> Batch:
        given = network.model.predict(network.arrange(batch), verbose=0)
        return as_specified(by_name(given, spec.outputs), spec.outputs)

    answers = run(network, one_row(spec, folder)).values()
    device = devices_of([*answers, *(weight.value for weight in network.model.trainable_weights)])
    return Loaded(
        predict,
        device,
        calls={PREDICT: by_keras_predict},
        layers=layers_of(folder, spec),
        no_layers=catalog.no_layers(spec.name),
        intra_op_threads=intra_op_threads(),
    )


def run(network: Network, batch: Batch) -> dict[str, Any]:
    """Call a network with arrays; eager tensors come back."""
    return network({tensor.name: tf.constant(batch[tensor.name]) for tensor in network.spec.inputs})


def layers_of(folder: Path, spec: ModelSpec) -> Mapping[str, Predict]:
    """Each layer's output, taken from a second network that is built when one is first asked for.

    Its layers note what they give while it runs; the network that answers other requests is left as it is.
    """
    lock, names = Lock(), catalog.layers(spec.name)

    @cache
    def noting() -> tuple[Network, dict[str, Any]]:
        network, given = build(folder, spec), dict[str, Any]()
        for name in names:
            layer = getattr(network.model, name)
            layer.call = partial(_note, given, name, layer.call)
        return network, given

    def output(name: str, batch: Batch) -> Batch:
        with lock:
            network, given = noting()
            run(network, batch)
            return {name: given[name].numpy()}

    return {name: partial(output, name) for name in names}


def _note(given: dict[str, Any], name: str, call: Any, *args: Any, **kwargs: Any) -> Any:
    given[name] = call(*args, **kwargs)
    return given[name]
