"""One node of an ONNX graph: its names and attributes, as Python's values."""

from collections.abc import Callable, Collection
from typing import Any

import onnx

from serveoff.models.convert import Unconvertible


class Node:
    """An operator with the names of its inputs and outputs: '' for one that is left out, or that no one takes."""

    def __init__(self, proto: Any, opset: int, used: Collection[str]) -> None:
        self.op: str = proto.op_type
        self.opset = opset
        self.inputs: list[str] = list(proto.input)
        self.outputs: list[str] = [name if name in used else "" for name in proto.output]
        self._attributes = {found.name: onnx.helper.get_attribute_value(found) for found in proto.attribute}

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute; text as str."""
        value = self._attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def input(self, index: int) -> str:
        """The name of an input, or '' where it was left out."""
        return self.inputs[index] if index < len(self.inputs) else ""

    def refuse(self, what: str) -> Unconvertible:
        """That this operator cannot be had in TensorFlow as it is used here."""
        return Unconvertible(f"the ONNX operator {self.op} with {what} has no rule in TensorFlow", self.op)


Operator = Callable[[Node, Any], None]
"""Reads a node's inputs from `values.Values` and puts its outputs there."""
