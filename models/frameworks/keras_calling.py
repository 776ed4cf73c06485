"""Calling a Keras model by the names of its spec, however it takes its inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import by_name

Arrange = Callable[[Mapping[str, Any]], Any]
"""Tensors or arrays by the spec's names to what a Keras model is called with."""


@dataclass(frozen=True)
class Network:
    """A Keras model, and how it is called."""

    model: Any
    arrange: Arrange
    spec: ModelSpec

    def __call__(self, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Its outputs by name: tensors in, tensors out, no training."""
        return by_name(self.model(self.arrange(tensors), training=False), self.spec.outputs)


def plain(spec: ModelSpec) -> Arrange:
    """One input as it is, several as a dict by their names: so are the models of the zoo written."""
    if len(spec.inputs) > 1:
        return dict
    name = spec.inputs[0].name
    return lambda tensors: tensors[name]


def as_declared(model: Any, spec: ModelSpec, called: Mapping[str, str]) -> Arrange:
    """As a functional model declares its several inputs, in a list, a dict or whatever; `called` says by which names.

    A model that declares none, such as a subclassed one, is called as the zoo's are.
    """
    declared = getattr(model, "inputs", None)
    if len(spec.inputs) == 1 or not declared:
        return plain(spec)
    from keras import tree

    known = {called.get(tensor.name, tensor.name): tensor.name for tensor in spec.inputs}
    if {tensor.name for tensor in declared} != set(known):
        found = ", ".join(tensor.name for tensor in declared)
        raise ValueError(f"the Keras model's inputs are {found}, not {', '.join(known)}")
    names = tree.map_structure(lambda tensor: known[tensor.name], model.input)
    return lambda tensors: tree.map_structure(tensors.__getitem__, names)
