"""ONNX Runtime's reading of an ONNX file: the reference that conversions are held against."""

import math
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from serveoff.models.agreement import Mismatch, compare
from serveoff.models.convert.onnx_external import NoWeights, session_of, weights, with_weights
from serveoff.models.convert.onnx_models import write
from serveoff.models.importing import onnx_batch, onnx_graphs
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, rows_of, take

DTYPES = {"float": "float32", "double": "float64"}
"""What ONNX calls otherwise than numpy."""
FREE_WEIGHTS = 4
"""The version of ONNX' files from which on weights need not be listed as inputs, too."""

NOT_RUN = (failures.Fail, failures.InvalidArgument, failures.InvalidGraph, failures.RuntimeException)
"""What ONNX Runtime raises for a graph that does not hold together, or not for these rows."""


class Model:
    """A graph in ONNX Runtime, on the CPU; beside one for a fixed number of rows, what is made of it for any number."""

    def __init__(self, source: Source) -> None:
        self._path = Path(source.path)
        self._model: Any = onnx.load(self._path, load_external_data=False)
        self._model.ir_version = max(self._model.ir_version, FREE_WEIGHTS)
        onnx_graphs.serve(self._model, source.constants)
        self._session = _opened(self._model, self._path)
        self._rows = onnx_batch.fixed_rows(self._model)
        self.parameters = sum(math.prod(weight.dims) for weight in weights(self._model.graph))
        self.found = Found(
            inputs=tuple(_port(value, self._rows) for value in self._session.get_inputs()),
            outputs=tuple(output.name for output in self._session.get_outputs()),
            settable=True,
            precision=onnx_graphs.precision(self._model),
            one_row=_why_one_row(self._model, self._rows),
        )

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Run the graph as it is; Refused for several rows where it cannot take them."""
        if self._rows and rows_of(batch) == 1:
            batch = {name: np.repeat(array, self._rows, axis=0) for name, array in batch.items()}
            return {name: answer[:1] for name, answer in self._asked(self._session, batch).items()}
        if self._rows:
            return self._freely(batch)
        if rows_of(batch) > 1 and self.found.one_row:
            raise Refused(self.found.one_row)
        return self._asked(self._session, batch)

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """Write the graph with the spec's names; for any number of rows, unless it holds for one alone."""
        model = self._free if self._rows and not spec.one_row else self._model
        new = {source: name for name, source in {**names.inputs, **names.outputs}.items()}
        onnx_graphs.rename(model.graph, new)
        write(with_weights(model, self._path, folder), spec, folder)

    def _asked(self, session: Any, batch: Batch) -> dict[str, Array]:
        answers = session.run(list(self.found.outputs), batch)
        return dict(zip(self.found.outputs, answers, strict=True))

    def _freely(self, batch: Batch) -> dict[str, Array]:
        """What the graph answers for any number of rows; Refused where it has none, or answers otherwise then."""
        try:
            free = self._asked(session_of(self._free, self._path), batch)
            first = slice(min(self._rows, rows_of(batch)))
            expected = self._asked(self._session, take(batch, np.resize(np.arange(rows_of(batch)), self._rows)))
            agrees = not compare(take(free, first), take(expected, first)).wrong.any()
        except (*NOT_RUN, Mismatch, IndexError):
            agrees = False
        if not agrees:
            raise Refused(
                f"its batch is fixed at {self._rows}, and its graph holds for no other number of rows",
                advice="export it with a free first axis: dynamic_shapes or dynamic_axes of torch.onnx.export",
            )
        return free

    @cached_property
    def _free(self) -> Any:
        return onnx_batch.freed(self._model, self._rows)


def _opened(model: Any, path: Path) -> Any:
    try:
        return session_of(model, path)
    except NoWeights as error:
        raise Refused(
            str(error), advice="copy the file of the weights to the model's folder, under that name"
        ) from None


def _why_one_row(model: Any, rows: int) -> str:
    if rows == 1:
        return "its graph holds for a batch of one row only"
    operator = onnx_graphs.by_batch(model)
    return f"its operator {operator} scales by all rows of a batch" if operator else ""


def _port(value: Any, rows: int) -> Port:
    dtype = value.type.removeprefix("tensor(").removesuffix(")")
    shape = tuple(size if isinstance(size, int) else -1 for size in value.shape)
    shape = (-1, *shape[1:]) if rows and shape[:1] == (rows,) else shape
    return Port(name=value.name, dtype=DTYPES.get(dtype, dtype), shape=shape)
