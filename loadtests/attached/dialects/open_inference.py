"""The Open Inference Protocol's REST, `POST /v2/models/NAME/infer`, as KServe, Triton and MLServer speak it.

Source: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md
"""

from typing import Any

import numpy as np

from serveoff.loadtests.attached import paths
from serveoff.loadtests.attached.reading import at, document, reading
from serveoff.loadtests.attached.rows import finite, texts
from serveoff.loadtests.attached.v2_tensors import BYTES, datatype_of, shaped
from serveoff.loadtests.payloads.json_rows import dumps
from serveoff.models.tensors import Array, Batch

protocol = "rest"
kind = "json"
method = ""
INFER = "/infer"
model = paths.model_in


def path(path: str) -> str:
    """`/v2/models/NAME/infer`, or with a version before it."""
    return paths.ending(path, INFER)


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """Each input flat, as all servers take it; ValueError for bytes that are no text, or NaN: JSON carries neither."""
    return dumps({"inputs": [_tensor(name, array) for name, array in inputs.items()]})


def read(answer: bytes, path: str = "") -> Batch:
    """All `outputs` by name; a path is one into the whole answer."""
    found = document(answer)
    if path:
        return reading(at(path, found))
    if not isinstance(found, dict) or not isinstance(found.get("outputs"), list) or not found["outputs"]:
        raise ValueError(f"no outputs in {answer[:80]!r}")
    return reading(dict(map(_output, found["outputs"])))


def _tensor(name: str, array: Array) -> dict[str, Any]:
    datatype = datatype_of(name, array)
    data = [value.decode() for value in texts(array)] if datatype == BYTES else finite(name, np.ravel(array))
    return {"name": name, "shape": list(array.shape), "datatype": datatype, "data": data}


def _output(found: Any) -> tuple[str, Array]:
    try:
        return found["name"], shaped(found["name"], found["data"], found["datatype"], found["shape"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"an output is none of the protocol's: {error!r}") from None
