"""The tensors of a graph while it is traced. Images have two forms, and each is made only when one asks for it.

ONNX has channels first, TensorFlow's convolutions on a processor take channels last. What comes out of a convolution is
kept with channels last until an operator needs the other form, so that a chain of them transposes once at each end.
"""

from typing import Any

import numpy as np

from serveoff.models.convert.onnx_tf.node import Node
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf

IMAGE_RANKS = (3, 4, 5)


class Values:
    """Name to tensor, channels first; `last` gives and `put_last` takes the same with channels last."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._first = dict(given)
        self._last: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._first:
            tensor = self._last[name]
            rank = len(tensor.shape)
            self._first[name] = tf.transpose(tensor, [0, rank - 1, *range(1, rank - 1)])
        return self._first[name]

    def __setitem__(self, name: str, tensor: Any) -> None:
        self._first[name] = tensor

    def __contains__(self, name: str) -> bool:
        return name in self._first or name in self._last

    def get(self, name: str) -> Any:
        """A tensor, or None for an input that was left out."""
        return self[name] if name else None

    def last(self, name: str) -> Any:
        """An image with channels last."""
        if name not in self._last:
            tensor = self._first[name]
            rank = len(tensor.shape)
            self._last[name] = tf.transpose(tensor, [0, *range(2, rank), 1])
        return self._last[name]

    def put_last(self, name: str, tensor: Any) -> None:
        """Keep an image with channels last."""
        self._last[name] = tensor

    def is_last(self, name: str) -> bool:
        """Whether it is there with channels last only."""
        return name in self._last and name not in self._first

    def rank(self, name: str) -> int:
        """How many axes a tensor has."""
        return len((self._last[name] if self.is_last(name) else self._first[name]).shape)

    def static(self, node: Node, index: int) -> np.ndarray[Any, Any] | None:
        """An input's value if it is known while tracing; None where it was left out."""
        name = node.input(index)
        if not name:
            return None
        value = self[name]
        found = value if isinstance(value, np.ndarray) else tf.get_static_value(value)
        if found is None:
            raise node.refuse(f"an input {name} that is computed while it runs")
        return np.asarray(found)
