"""A model's outputs to an answer in JSON, in TensorFlow Serving's words.

One output is a plain list of rows; several are objects by output name, a row each or, for who sent columns, one of
columns. Integers are JSON integers, booleans `true` and `false`. Infinities, as scores that are masked have them, are
the literals `Infinity` and `-Infinity`, as TensorFlow Serving writes them: Python and JavaScript's JSON5 read them.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from serveoff.models.tensors import Batch
from serveoff.services.predict_v1.columns import ANSWER_KEYS
from serveoff.services.predict_v1.errors import BadOutputError

_ROWS = ANSWER_KEYS["instances"]


def encode_json(outputs: Batch, answer_key: str) -> bytes:
    """`{"predictions": [...]}`; BadOutputError for NaN, which is no answer."""
    _check(outputs)
    text = orjson.dumps({answer_key: _values(outputs, answer_key)}, option=orjson.OPT_SERIALIZE_NUMPY)
    return (
        json.dumps(answer(outputs, answer_key)).encode() if b"null" in text else text
    )  # what orjson makes of infinity


def answer(outputs: Batch, answer_key: str) -> dict[str, Any]:
    """The same as lists and numbers of Python, for whatever writes JSON; BadOutputError as above."""
    _check(outputs)
    return {answer_key: _values({name: array.tolist() for name, array in outputs.items()}, answer_key)}


def _check(outputs: Batch) -> None:
    for array in outputs.values():
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise BadOutputError("the model answered NaN for this input")


def _values(outputs: Mapping[str, Any], answer_key: str) -> Any:
    if len(outputs) == 1:
        (column,) = outputs.values()
        return column
    if answer_key != _ROWS:
        return outputs
    names, columns = list(outputs), outputs.values()
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
