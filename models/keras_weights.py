"""Neutral weights into a Keras model."""

from __future__ import annotations

from typing import Any

from models.weights import Weights


def set_weights(model: Any, weights: Weights) -> None:
    """Set the kernel and bias of every layer that `weights` names."""
    for name in sorted({weight.split("/")[0] for weight in weights}):
        model.get_layer(name).set_weights([weights[f"{name}/kernel"], weights[f"{name}/bias"]])
