"""Keras' own reading of a `.keras` file. Its safe mode, the default, refuses Python code in the file."""

import json
import shutil
from pathlib import Path
from typing import Any

from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

import keras  # isort: skip  after TensorFlow was told to be quiet

FILE, INPUTS = "model.keras", "inputs.json"
"""As serveoff.models.loading.keras_network reads them."""


class Model:
    """A Keras model, called eagerly."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._model: Any = keras.saving.load_model(source.path, compile=False)
        inputs = getattr(self._model, "inputs", None)
        if not inputs:
            raise Refused(
                "the model does not know its inputs' shapes: it is a subclassed model, or was saved before it was built"
            )
        self.found = Found(inputs=tuple(map(_port, inputs)))
        self._layers = [_made_by(self._model, tensor) for tensor in self._model.outputs]
        self.parameters = int(self._model.count_params())

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the model as it is called to predict."""
        tensors = [tf.constant(batch[port.name]) for port in self.found.inputs]
        structure = self._model.input if len(tensors) > 1 else None
        packed = tensors[0] if structure is None else keras.tree.pack_sequence_as(structure, tensors)
        answer = keras.tree.flatten_with_path(self._model(packed, training=False))
        return {self._name(index, path): tensor.numpy() for index, (path, tensor) in enumerate(answer)}

    def _name(self, index: int, path: tuple[Any, ...]) -> str:
        """An output's key where the model gives a dict, or the layer that makes it."""
        return str(path[-1]) if path and isinstance(path[-1], str) else self._layers[index]

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The file itself, and beside it what it calls its inputs, where the spec calls them otherwise."""
        shutil.copyfile(self._path, folder / FILE)
        if any(name != own for name, own in names.inputs.items()):
            (folder / INPUTS).write_text(json.dumps(names.inputs, indent=2) + "\n")


def _port(tensor: Any) -> Port:
    shape = tuple(-1 if size is None else int(size) for size in tensor.shape)
    return Port(name=tensor.name, dtype=str(tensor.dtype), shape=shape)


def _made_by(model: Any, tensor: Any) -> str:
    for layer in model.layers:
        if any(made is tensor for made in keras.tree.flatten(layer.output)):
            return str(layer.name)
    return "output"
