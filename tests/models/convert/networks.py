"""Two small networks of an image and tokens, one of Keras and one of PyTorch, with outputs of floats and integers."""

import json
import sys
from types import SimpleNamespace

import keras
import numpy as np
import torch
from torch import nn

from serveoff.models import convert, formats
from serveoff.models.golden import Golden
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import named

ROWS = 7
FACTORY = "small_networks:written"
COMPILED = ("torch", "torch_export")
"""The way whose exported program is compiled, too."""


def _spec(name, image):
    inputs = (
        TensorSpec(name="image", shape=(-1, *image), dtype="float32"),
        TensorSpec(name="tokens", shape=(-1, 5), dtype="int64"),
    )
    outputs = (
        TensorSpec(name="scores", shape=(-1, 4), dtype="float32"),
        TensorSpec(name="total", shape=(-1,), dtype="int64"),
    )
    return ModelSpec(name=name, description="", inputs=inputs, outputs=outputs)


SPECS = {"keras": _spec("of_keras", (8, 6, 3)), "torch": _spec("of_torch", (3, 8, 6))}


class Written(nn.Module):
    """Channels first, a block that adds what it was given, attention over the tokens."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.words = nn.Embedding(20, 4)
        self.parts = nn.Linear(4, 12)
        self.classes = nn.Linear(8, 4)

    def forward(self, image: torch.Tensor, tokens: torch.Tensor) -> dict[str, torch.Tensor]:
        x = torch.relu(self.norm(self.first(image)))
        x = (x + self.second(x)).mean(dim=(2, 3))
        words = self.words(tokens)
        query, key, value = self.parts(words).reshape(words.shape[0], 5, 6, 2).transpose(1, 2).chunk(3, dim=1)
        attended = torch.softmax(query @ key.transpose(2, 3), dim=-1) @ value
        words = words + attended.transpose(1, 2).reshape(words.shape[0], -1, 4)
        scores = torch.softmax(self.classes(torch.cat([x, words.mean(dim=1)], dim=1)), dim=1)
        return {"total": tokens.sum(dim=1), "scores": scores}


def write_keras(folder):
    keras.utils.set_random_seed(3)
    image, tokens = keras.Input((8, 6, 3), name="image"), keras.Input((5,), dtype="int64", name="tokens")
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(image)
    x = keras.layers.BatchNormalization()(keras.layers.DepthwiseConv2D(3, padding="same")(x))
    words = keras.layers.Embedding(20, 4)(tokens)
    words = keras.layers.LayerNormalization()(words + keras.layers.MultiHeadAttention(2, 2)(words, words))
    wide = keras.layers.Dense(8, activation="gelu")(words)
    both = [keras.layers.GlobalAveragePooling2D()(x), keras.layers.GlobalAveragePooling1D()(wide)]
    scores = keras.layers.Dense(4, activation="softmax")(keras.layers.Concatenate()(both))
    total = keras.ops.sum(tokens, axis=-1)
    keras.Model([image, tokens], [scores, total]).save(folder / "model.keras")


def write_torch(folder):
    torch.manual_seed(3)
    sys.modules["small_networks"] = SimpleNamespace(written=Written)
    torch.save(Written().state_dict(), folder / "model.pt")
    (folder / "module.json").write_text(json.dumps({"factory": FACTORY}))


WRITE = {"keras": write_keras, "torch": write_torch}


def golden(start, folder):
    spec, random = SPECS[start], np.random.default_rng(5)
    image = random.normal(size=(ROWS, *spec.inputs[0].row_shape)).astype(np.float32)
    inputs = named(spec.inputs, [image, random.integers(0, 20, (ROWS, 5))])
    loaded = formats.find(convert.FORMAT_OF[start]).load(folder, spec)
    return Golden(inputs, loaded.predict(inputs))


def step(start, end, source, target, spec):
    convert.run(f"{start}_to_{end}", source, target, spec)


def predict_of(kind, folder, spec):
    """How a node is asked: as its format is served."""
    return formats.find(convert.FORMAT_OF[kind]).load(folder, spec).predict
