"""How the network learns: cross entropy, after the constants that standardise its input were set."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from serveoff.models.train import (
    SEED,
    Course,
    Examples,
    OnEpoch,
    Trained,
    TrainingError,
    begin,
    fit,
    forward,
    golden_of,
    neutral,
)
from serveoff.models.zoo.tabular_mlp import SPEC
from serveoff.models.zoo.tabular_mlp.data import Split, load
from serveoff.models.zoo.tabular_mlp.torch_module import TabularMLP, build

EPOCHS = 40
COURSE = Course(EPOCHS, batch=32)
LEAST_ACCURACY = 0.95


def learn(on_epoch: OnEpoch) -> Trained:
    """Train it; TrainingError where it stays below LEAST_ACCURACY on the held-out split."""
    train, held_out = load()
    begin()
    module = build()
    set_constants(module, train.features)
    fit(module, SPEC, examples(train), COURSE, on_epoch)
    inputs = examples(held_out).inputs
    probabilities = forward(module, SPEC, inputs)[SPEC.outputs[0].name]
    accuracy = float((probabilities.argmax(axis=1) == held_out.labels).mean())
    quality = f"{accuracy:.2%} on the held-out split"
    if accuracy < LEAST_ACCURACY:
        raise TrainingError(
            f"model {SPEC.name} reached {quality}, below the {LEAST_ACCURACY:.0%} it must have: what was changed in "
            f"models/train.py or models/zoo/{SPEC.name} made it worse; mend it, then export again"
        )
    return Trained(
        neutral(SPEC.name, module), golden_of(module, SPEC, inputs, held_out.labels), quality, accuracy, SEED
    )


def examples(split: Split) -> Examples:
    """A split by the names of the spec."""
    return Examples({SPEC.inputs[0].name: split.features}, split.labels)


def set_constants(module: TabularMLP, features: NDArray[np.float32]) -> None:
    """Standardise by the mean and variance of these rows from now on."""
    exact = features.astype(np.float64)
    module.standardise.running_mean.copy_(torch.from_numpy(exact.mean(axis=0)))
    module.standardise.running_var.copy_(torch.from_numpy(exact.var(axis=0)))
