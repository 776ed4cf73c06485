"""Conversions between ways to keep a model: a step is a function `<source>_to_<target>(source, target, spec)`.

A *node* is a kind of file that holds a whole model. What a step reads and writes is the node's folder; `source` is
never written to, `target` exists and is empty. The names of the inputs and outputs in it are those of the ModelSpec, in
its order, each of them a Python identifier: whoever adopts a user's file (serveoff.models.importing) has renamed them.

| node | in its folder | format |
|---|---|---|
| `keras` | `model.keras`; inputs and outputs, as Keras flattens them, in the spec's order | `keras_eager` |
| `savedmodel` | `1/`, signatures `serving_default` and `serving_bytes` (spec.BYTES_SIGNATURE) | `savedmodel` |
| `frozen_graph` | `frozen_graph.pb`, its tensors `<name>:0`; `serving/1`, the same with signatures | `frozen_graph` |
| `torchscript` | `model.pt`; takes inputs by position; gives a tensor, a tuple, or a dict by name | `torchscript` |
| `torch` | what `serveoff.models.loading.module_json` reads | `torch_eager` |
| `torch_export` | `model.pt2`, what `torch.export` took from a module | `torch_export` |
| `onnx` | `model.onnx`; inputs and outputs by name, the first axis free | `onnx` |
| `onnx_torch` | `model.onnx`, in the form that onnx2torch takes | `torch_eager` |
"""

import importlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serveoff.models.golden import GOLDEN_NAME, read_golden
from serveoff.models.manifest import size_bytes
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

FORMAT_OF = {
    "keras": "keras_eager",
    "savedmodel": "savedmodel",
    "frozen_graph": "frozen_graph",
    "torchscript": "torchscript",
    "torch": "torch_eager",
    "onnx": "onnx",
    "onnx_torch": "torch_eager",
    "torch_export": "torch_export",
}
"""Node to the format whose artifact its folder is."""
NO_WAY = {"keras_eager": "a graph of operations has no layers, and a Keras file needs them"}
"""Why nothing leads to a format from most nodes."""
ONE_MESSAGE = {
    "frozen_graph": "a frozen graph is",
    "onnx_torch": "onnx2torch reads a graph as",
    "onnx": "exporters to ONNX write",
}
"""Nodes that come into being as one protobuf message, and so with all their weights within its limit."""
MOST_MESSAGE_BYTES = 2 << 30
LEFT_AT_FIRST = ("torch_export",)
"""Nodes that a way only begins with: whoever came to one by a step has what that step began with."""
MOST_STEPS = 5
"""Longer ways only lead through what a shorter one has already tried."""

_GOLDEN: ContextVar[Batch | None] = ContextVar("inputs of the model that is converted", default=None)


class Unconvertible(Exception):
    """A step cannot convert this model: why, and the operator, as the source's framework names it, in the way."""

    def __init__(self, reason: str, operator: str = "") -> None:
        super().__init__(reason)
        self.reason, self.operator = reason, operator


@dataclass(frozen=True)
class Edge:
    """A step that exists, by its name alone: nothing of it was imported."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """The step's function."""
        return f"{self.source}_to_{self.target}"


STEPS = {
    "tensorflow_steps": (
        *("keras_to_savedmodel", "keras_to_frozen_graph", "savedmodel_to_frozen_graph"),
        *("frozen_graph_to_savedmodel", "frozen_graph_to_onnx", "onnx_to_savedmodel"),
    ),
    "torch_steps": (
        *("torch_to_onnx", "torch_to_torchscript", "torch_to_torch_export", "torchscript_to_onnx"),
        *("onnx_to_onnx_torch", "onnx_torch_to_torchscript", "torchscript_to_torch_export"),
        *("torch_export_to_onnx", "torch_export_to_torchscript"),
    ),
}
"""By the module that has them, which imports its framework: it is imported only to convert."""
EDGES = tuple(Edge(*name.split("_to_")) for name in sorted(name for names in STEPS.values() for name in names))


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
            elif len(way) < MOST_STEPS and not (way and here in LEFT_AT_FIRST):
                been = {start, *(edge.target for edge in way)}
                longer += [(*way, edge) for edge in known if edge.source == here and edge.target not in been]
        ways = longer


def run(step: str, source: Path, target: Path, spec: ModelSpec) -> None:
    """Write the target node's folder from the source node's; Unconvertible where that cannot be.

    Golden inputs that lie beside the source are its examples.
    """
    (module,) = (module for module, names in STEPS.items() if step in names)
    _require_size(step.rpartition("_to_")[2], size_bytes(source))
    _GOLDEN.set(read_golden(source.parent).inputs if (source.parent / GOLDEN_NAME).is_file() else None)
    try:
        getattr(importlib.import_module(f"{__name__}.{module}"), step)(source, target, spec)
    except ModuleNotFoundError as error:
        raise Unconvertible(f"{error.name} is not installed: reinstall serveoff") from None


def _require_size(node: str, size: int) -> None:
    """Unconvertible where the weights of a source are beyond what the node can hold."""
    if size > MOST_MESSAGE_BYTES and node in ONE_MESSAGE:
        limit = f"one protobuf message of at most {MOST_MESSAGE_BYTES >> 30} GiB"
        raise Unconvertible(f"{ONE_MESSAGE[node]} {limit}, and this model has {size / 1e9:.1f} GB")


def example(spec: ModelSpec, rows: int) -> Batch:
    """So many rows: golden inputs where the model has some, over and over, or else seeded ones.

    Seeded whole numbers are 1 or 2, since they may be indexes into a table that is no larger.
    """
    if golden := _GOLDEN.get():
        return {name: np.take(array, range(rows), axis=0, mode="wrap") for name, array in golden.items()}
    generator = np.random.default_rng(0)

    def of(dtype: str, shape: tuple[int, ...]) -> Array:
        kind = np.dtype(dtype).kind
        if kind == "f":
            return generator.random(shape).astype(dtype)
        return generator.integers(0 if kind == "b" else 1, 2 if kind == "b" else 3, shape).astype(dtype)

    return {tensor.name: of(tensor.dtype, (rows, *tensor.row_shape)) for tensor in spec.inputs}
