"""Neutral weights into a Keras model."""

from typing import Any

from serveoff.models import zoo
from serveoff.models.weights import Weights

ALIASES = {"depthwise_kernel": "kernel"}
"""What Keras 3 calls a variable that was called otherwise before: there, DepthwiseConv2D's kernel is just one."""


def filled(model: str, weights: Weights) -> Any:
    """A zoo model's Keras network with the given weights; its keras_model may assign them itself, by an `assign`."""
    written = zoo.network(model, "keras_model")
    network = written.build()
    getattr(written, "assign", set_weights)(network, weights)
    return network


def set_weights(model: Any, weights: Weights) -> None:
    """Assign every weight to the variable of its name in the layer of its name, however deep that layer lies.

    ValueError where a weight has no variable or several, or a variable gets no weight.
    """
    without = {variable.path for variable in model.weights}
    for name, value in weights.items():
        variable = _variable(model, name)
        variable.assign(value)
        without.discard(variable.path)
    if without:
        raise ValueError(f"the Keras model has variables that no weight is for: {', '.join(sorted(without))}")


def _variable(model: Any, name: str) -> Any:
    layer, _, kind = name.rpartition("/")
    names = {kind, ALIASES.get(kind, kind)}
    found = [weight for weight in model.weights if weight.name in names and f"/{layer}/" in f"/{weight.path}"]
    if len(found) != 1:
        raise ValueError(
            f"the Keras model has {len(found)} variables {name}, not one: name its layers as the weights do"
        )
    return found[0]
