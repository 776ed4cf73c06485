"""TF Serving's REST v1 in row format: `{"instances": [...]}` to `{"predictions": [...]}`.

A row of a model with one input is that input's row, of one with several an object of them by name; answers likewise.
The same bytes go to every REST server. Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from serveoff.loadtests.payloads.arrays import from_json
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.models.tensors import Batch, rows_of

kind = "json"
method = ""


def headers(spec: ModelSpec, batch: Batch) -> dict[str, str]:
    """Of the request."""
    return {"Content-Type": "application/json"}


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """Floats are written with the fewest digits that read back as the same number of their dtype."""
    arrays = {t.name: np.ascontiguousarray(batch[t.name], dtype=t.dtype) for t in spec.inputs}
    if len(arrays) == 1:
        (instances,) = arrays.values()
        return dumps({"instances": instances})
    rows = [{name: array[row] for name, array in arrays.items()} for row in range(rows_of(batch))]
    return dumps({"instances": rows})


def decode(answer: bytes, rows: int, spec: ModelSpec) -> Batch:
    """The rows of `predictions`; ValueError names what is wrong with the body."""
    data = (json if b"Infinity" in answer else orjson).loads(answer)  # no JSON, and what every server writes
    if not isinstance(data, dict) or "predictions" not in data:
        raise ValueError(f"no predictions in {answer[:80]!r}")
    columns = _columns(data["predictions"], spec.outputs)
    return {tensor.name: from_json(columns[tensor.name], tensor) for tensor in spec.outputs}


def _columns(rows: Any, outputs: Sequence[TensorSpec]) -> dict[str, Any]:
    names = [tensor.name for tensor in outputs]
    if len(names) == 1:
        return {names[0]: rows}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) == set(names) for row in rows):
        raise ValueError(f"predictions are not rows of {', '.join(names)}")
    return {name: [row[name] for row in rows] for name in names}


def dumps(document: Any) -> bytes:
    """JSON, arrays in it; ValueError where there is no word for a dtype."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:  # orjson's own error is one, for a dtype that JSON has no word for
        raise ValueError(str(error)) from None
