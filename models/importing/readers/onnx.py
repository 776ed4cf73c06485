"""ONNX Runtime's reading of an ONNX file: the reference that conversions are held against."""

import math
from pathlib import Path
from typing import Any

import onnx

from serveoff.models.convert.onnx_models import write
from serveoff.models.convert.onnx_shapes import session_of
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

DTYPES = {"float": "float32", "double": "float64"}
"""What ONNX calls otherwise than numpy."""

FREE_WEIGHTS = 4
"""The version of ONNX' files from which on weights need not be listed as inputs, too."""


class Model:
    """A graph in ONNX Runtime, on the CPU."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._session: Any = session_of(source.path)
        outputs = tuple(output.name for output in self._session.get_outputs())
        self.found = Found(inputs=tuple(map(_port, self._session.get_inputs())), outputs=outputs)
        self.parameters = sum(
            math.prod(weight.dims) for weight in onnx.load(source.path, load_external_data=False).graph.initializer
        )

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Run the graph."""
        answers = self._session.run(list(self.found.outputs), batch)
        return dict(zip(self.found.outputs, answers, strict=True))

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """Write the graph with the spec's names, in one file even where its weights lay beside it."""
        model = onnx.load(self._path)
        new = {source: name for name, source in {**names.inputs, **names.outputs}.items()}
        _rename(model.graph, new)
        model.ir_version = max(model.ir_version, FREE_WEIGHTS)
        write(model, spec, folder)


def _rename(graph: Any, new: dict[str, str]) -> None:
    """Give values other names, in a graph and wherever its branches and loops take them from it.

    A value inside that has a name which is given out now makes way for it.
    """
    inside = {name for node in graph.node for name in node.output} | {value.name for value in graph.initializer}
    aside = {name: f"{name}_inner" for name in inside if name in new.values() and name not in new}
    every = {**aside, **new}
    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = every.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [every.get(name, name) for name in node.input]
        node.output[:] = [every.get(name, name) for name in node.output]
        for attribute in node.attribute:
            for branch in (attribute.g, *attribute.graphs):
                _rename(branch, every)


def _port(value: Any) -> Port:
    dtype = value.type.removeprefix("tensor(").removesuffix(")")
    shape = tuple(size if isinstance(size, int) else -1 for size in value.shape)
    return Port(name=value.name, dtype=DTYPES.get(dtype, dtype), shape=shape)
