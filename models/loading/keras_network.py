"""A Keras model: a Keras 3 file, `model.keras`, or a class of models/zoo and its weights, `model.weights.h5`.

The file holds layers and weights; no code of it is run (Keras's `safe_mode`). `inputs.json` beside it, where the model
calls its inputs otherwise than the spec: {"the spec's name": "Keras's name"}.
"""

import json
from pathlib import Path

import keras

from serveoff.models import zoo
from serveoff.models.frameworks.keras_calling import Network, as_declared, plain
from serveoff.models.spec import ModelSpec

FILE = "model.keras"
INPUTS = "inputs.json"
WEIGHTS = "model.weights.h5"


def build(folder: Path, spec: ModelSpec) -> Network:
    """The model in a folder; ValueError or TypeError, of Keras, where its file holds none that is safe to load."""
    if not (folder / FILE).is_file():
        model = zoo.network(spec.name, "keras_model").build()
        model.load_weights(folder / WEIGHTS)
        return Network(model, plain(spec), spec)
    model = keras.saving.load_model(folder / FILE, compile=False, safe_mode=True)
    path = folder / INPUTS
    called: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return Network(model, as_declared(model, spec, called), spec)
