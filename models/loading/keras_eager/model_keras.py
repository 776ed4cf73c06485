"""A Keras 3 file, `model.keras`, which holds layers and weights; no code of it is run (Keras's `safe_mode`).

`inputs.json` beside it, where the model calls its inputs otherwise than the spec: {"the spec's name": "Keras's name"}.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras

from serveoff.models.frameworks.keras_calling import Network, as_declared
from serveoff.models.spec import ModelSpec

FILE = "model.keras"
INPUTS = "inputs.json"


def build(folder: Path, spec: ModelSpec) -> Network:
    """The model of the file; ValueError or TypeError, of Keras, where it holds none that is safe to load."""
    model = keras.saving.load_model(folder / FILE, compile=False, safe_mode=True)
    path = folder / INPUTS
    called: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return Network(model, as_declared(model, spec, called), spec)
