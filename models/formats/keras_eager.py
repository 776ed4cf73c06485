"""TensorFlow 2, dynamic: the subclassed Keras model and its weights, called eagerly, operation by operation.

Layout: `model.weights.h5`. A subclassed model has no graph to save: the class itself is needed to load it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

from models import zoo
from models.formats import Batch, Loaded, Predict, one_row
from models.keras_weights import set_weights
from models.spec import ModelSpec
from models.tensorflow_setup import configure, devices_of, intra_op_threads
from models.tensorflow_setup import tensorflow as tf
from models.weights import Weights

FRAMEWORK = "tensorflow"
SERVED = ""
FILE = "model.weights.h5"
PREDICT = "keras_predict"
"""The call of Keras's high-level API, `model.predict`."""


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Save the weights of the Keras model."""
    model = zoo.network(spec.name, "keras_model").build()
    set_weights(model, weights)
    model.save_weights(folder / FILE)


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Build the class, fill it, and call it: no `tf.function` and no `model.predict`, which would trace a graph."""
    configure(threads, device)
    model = zoo.network(spec.name, "keras_model").build()
    model.load_weights(folder / FILE)

    def predict(batch: Batch) -> Batch:
        result: Batch = model(tf.constant(batch), training=False).numpy()
        return result

    def by_keras_predict(batch: Batch) -> Batch:
        result: Batch = model.predict(batch, verbose=0)
        return result

    answer = model(tf.constant(one_row(spec)), training=False)
    device = devices_of([answer, *(weight.value for weight in model.trainable_weights)])
    return Loaded(
        predict,
        device,
        calls={PREDICT: by_keras_predict},
        layers=layers_of(folder, spec),
        intra_op_threads=intra_op_threads(),
    )


def layers_of(folder: Path, spec: ModelSpec) -> Mapping[str, Predict]:
    """Each layer's output, taken from a second network that is built when one is first asked for.

    Its layers note what they give while it runs; the network that answers other requests is left as it is.
    """
    lock = Lock()

    @cache
    def noting() -> tuple[Any, dict[str, Any]]:
        model = zoo.network(spec.name, "keras_model").build()
        model.load_weights(folder / FILE)
        given: dict[str, Any] = {}
        for name in zoo.layers(spec.name):
            layer = getattr(model, name)
            layer.call = partial(_note, given, name, layer.call)
        return model, given

    def output(name: str, batch: Batch) -> Batch:
        with lock:
            model, given = noting()
            model(tf.constant(batch), training=False)
            result: Batch = given[name].numpy()
        return result

    return {name: partial(output, name) for name in zoo.layers(spec.name)}


def _note(given: dict[str, Any], name: str, call: Any, *args: Any, **kwargs: Any) -> Any:
    given[name] = call(*args, **kwargs)
    return given[name]
