"""ONNX Runtime's reading of an ONNX file: the reference that conversions are held against."""

import math
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from serveoff.models.agreement import Mismatch, compare
from serveoff.models.convert import onnx_modern
from serveoff.models.convert.onnx_external import NoWeights, locations, session_of, weights, with_weights
from serveoff.models.convert.onnx_models import write
from serveoff.models.importing import onnx_batch, onnx_graphs, unvouched_files
from serveoff.models.importing.answering import tensors_of
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, rows_of, take

FREE_WEIGHTS = 4
"""The version of ONNX' files from which on weights need not be listed as inputs, too."""

NOT_RUN = (
    *(failures.Fail, failures.InvalidArgument, failures.InvalidGraph, failures.RuntimeException),
    failures.NotImplemented,
)
"""What ONNX Runtime raises for a graph that does not hold together, or not for these rows, or of other dtypes."""
NEWEST = 10
"""The version of ONNX' files that is written: newer ones only add types that are not served."""


class Model:
    """A graph in ONNX Runtime, on the CPU; beside one for a fixed number of rows, what is made of it for any number."""

    def __init__(self, source: Source) -> None:
        self._path = Path(source.path)
        self._model: Any = onnx.load(self._path, load_external_data=False)
        self._model.ir_version = min(max(self._model.ir_version, FREE_WEIGHTS), NEWEST)
        onnx_graphs.serve(self._model, source.constants)
        if onnx_modern.opset_of(self._model) < onnx_modern.BROADCASTING:
            self._model = onnx_modern.at_least(self._model)
        self._session = _opened(self._model, self._path)
        self._rows = onnx_batch.fixed_rows(self._model)
        self.parameters = sum(math.prod(weight.dims) for weight in weights(self._model.graph))
        self.found = Found(
            inputs=tuple(_port(value, self._rows) for value in self._model.graph.input),
            outputs=tuple(output.name for output in self._session.get_outputs()),
            settable=True,
            precision=onnx_graphs.precision(self._model),
            one_row=_why_one_row(self._model, self._rows),
        )

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Run the graph as it is; Refused for several rows where it cannot take them."""
        if self._rows and rows_of(batch) == 1:
            batch = {name: np.repeat(array, self._rows, axis=0) for name, array in batch.items()}
            return _of_one(self._asked(self._session, batch), self._rows)
        if rows_of(batch) > 1 and onnx_graphs.by_batch(self._model):
            raise Refused(f"its operator {onnx_graphs.by_batch(self._model)} scales by all rows of a batch")
        return self._freely(batch) if self._rows else self._asked(self._session, batch)

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
            served = [name for name, answer in free.items() if answer.shape[:1] == (rows_of(batch),)]
            free_first, expected_first = (take({name: a[name] for name in served}, first) for a in (free, expected))
            tensors = tensors_of(expected_first, Names(inputs={}, outputs={name: name for name in served}), self.found)
            agrees = bool(served) and not compare(free_first, expected_first, tensors).wrong.any()
        except (*NOT_RUN, Mismatch):
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
        for file in locations(model, path):
            unvouched_files.regular(str(file))
        raise Refused(
            str(error), advice="copy the file of the weights to the model's folder, under that name"
        ) from None
    except NOT_RUN as error:
        raise _without_operator(model, str(error)) or error from None


def _without_operator(model: Any, message: str) -> Refused | None:
    """Which operator ONNX Runtime has not, or not for this dtype; None where that is not what it says."""
    if (unknown := re.search(r"([\w.:]+)\([-\d]+\) is not a registered function/op", message)) is not None:
        advice = (
            "export it without that operator, or with the one of ONNX that does the same: no server here has others"
        )
        return Refused(f"ONNX Runtime has no operator {unknown[1]}", unknown[1], advice)
    if (unknown := re.search(r"Could not find an implementation for (\w+)\(", message)) is not None:
        dtype = onnx_graphs.dtype_at(model, unknown[1])
        of_dtype = f" of {dtype}" if dtype else " for its dtypes"
        return Refused(f"ONNX Runtime has no {unknown[1]}{of_dtype}", unknown[1], "export it in float32")
    return None


def _of_one(answers: dict[str, Array], rows: int) -> dict[str, Array]:
    """The answers to the first of so many equal rows."""
    return {name: answer[:1] if answer.shape[:1] == (rows,) else answer for name, answer in answers.items()}


def _why_one_row(model: Any, rows: int) -> str:
    operator = onnx_graphs.by_batch(model)
    if operator and rows <= 1:
        return f"its operator {operator} scales by all rows of a batch"
    return "its graph holds for a batch of one row only" if rows == 1 else ""


def _port(value: Any, rows: int) -> Port:
    kind = value.type.tensor_type
    shape = tuple(size.dim_value or -1 for size in kind.shape.dim) if kind.HasField("shape") else None
    shape = (-1, *shape[1:]) if rows and shape and shape[0] == rows else shape
    return Port(name=value.name, dtype=onnx_graphs.dtype_of(value), shape=shape)
