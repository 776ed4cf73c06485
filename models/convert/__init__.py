"""Conversions between ways to keep a model: one module per step, `<source>_to_<target>.py`, found by its name.

A *node* is a kind of file that holds a whole model. What a step reads and writes is the node's folder; `source` is
never written to, `target` exists and is empty. The names of the inputs and outputs in it are those of the ModelSpec, in
its order, each of them a Python identifier: whoever adopts a user's file (serveoff.models.importing) has renamed them.

| node | in its folder | format |
|---|---|---|
| `keras` | `model.keras`; inputs and outputs, as Keras flattens them, in the spec's order | `keras_eager` |
| `savedmodel` | `1/`, signatures `serving_default` and `serving_bytes` (spec.BYTES_SIGNATURE) | `savedmodel` |
| `frozen_graph` | `frozen_graph.pb`, its tensors `<name>:0`; `serving/1`, the same with signatures | `frozen_graph` |
| `torchscript` | `model.pt`; takes inputs by position; gives a tensor, a tuple, or a dict by name | `torchscript` |
| `torch` | what `serveoff.models.importing.torch_folder` writes and `load`s | `torch_eager` |
| `onnx` | `model.onnx`; inputs and outputs by name, the first axis free | none |
| `onnx_torch` | `model.onnx`, in the form that onnx2torch takes | `torch_eager` |
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from serveoff.models.convert import steps
from serveoff.models.spec import ModelSpec

NODES = ("keras", "savedmodel", "frozen_graph", "torchscript", "torch", "onnx", "onnx_torch")
FORMAT_OF = {
    "keras": "keras_eager",
    "savedmodel": "savedmodel",
    "frozen_graph": "frozen_graph",
    "torchscript": "torchscript",
    "torch": "torch_eager",
    "onnx_torch": "torch_eager",
}
"""Node to the format whose artifact its folder is."""
NO_WAY = {"keras_eager": "a graph of operations has no layers, and a Keras file needs them"}
"""Why nothing leads to a format from most nodes."""
MOST_STEPS = 4
"""Longer ways only lead through what a shorter one has already tried."""


class Unconvertible(Exception):
    """A step cannot convert this model: why, and the operator, as the source's framework names it, in the way."""

    def __init__(self, reason: str, operator: str = "") -> None:
        super().__init__(reason)
        self.reason, self.operator = reason, operator


class Step(Protocol):
    """What a step's module offers. It imports its libraries at its top: it is imported only to convert."""

    def convert(self, source: Path, target: Path, spec: ModelSpec) -> None:
        """Write the target node's folder from the source node's; Unconvertible where that cannot be."""


@dataclass(frozen=True)
class Edge:
    """A step that exists, by its name alone: nothing of it was imported."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """The step's module in this package."""
        return f"{self.source}_to_{self.target}"


def edges() -> list[Edge]:
    """Every step there is, in the order of the alphabet."""
    parts = (module.name.split("_to_") for module in pkgutil.iter_modules(steps.__path__))
    return sorted((Edge(*pair) for pair in parts if len(pair) == 2), key=lambda edge: edge.name)


def paths(start: str, format: str, known: Sequence[Edge]) -> Iterator[tuple[Edge, ...]]:
    """All ways from a node to a format, the shortest first (breadth first), none through one node twice.

    The empty way comes first where the start is itself that format.
    """
    ways: list[tuple[Edge, ...]] = [()]
    while ways:
        longer: list[tuple[Edge, ...]] = []
        for way in ways:
            here = way[-1].target if way else start
            if FORMAT_OF.get(here) == format:
                yield way
            elif len(way) < MOST_STEPS:
                been = {start, *(edge.target for edge in way)}
                longer += [(*way, edge) for edge in known if edge.source == here and edge.target not in been]
        ways = longer


def load(name: str) -> Step:
    """A step's module, imported with its libraries; Unconvertible where one is not installed."""
    step = f"{steps.__name__}.{name}"
    if importlib.util.find_spec(step) is None:
        raise Unconvertible(f"there is no step {name}")
    try:
        return cast(Step, importlib.import_module(step))
    except ModuleNotFoundError as error:
        raise Unconvertible(f"{error.name} is not installed: reinstall serveoff") from None
