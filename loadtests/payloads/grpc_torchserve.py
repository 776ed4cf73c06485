"""TorchServe's `InferenceAPIsService/Predictions` with float32 bytes and their shape beside them.

Field numbers: frontend/server/src/main/resources/proto/inference.proto of TorchServe 0.12.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from loadtests.payloads import Batch, json_rows
from loadtests.payloads.messages import build

kind = "bytes"
method = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"

_MESSAGES = build(
    "serveoff.torchserve",
    {
        "PredictionsRequest": {"model_name": (1, "string"), "input": (3, "map<string,bytes>")},
        "PredictionResponse": {"prediction": (1, "bytes")},
    },
)


def encode(model: str, batch: Batch) -> bytes:
    """A serialised PredictionsRequest: `data` is little-endian float32, `shape` reads like `1,28,28,1`."""
    rows = np.ascontiguousarray(batch, dtype="<f4")
    return pack(model, {"data": rows.tobytes(), "shape": ",".join(map(str, batch.shape)).encode()})


def pack(model: str, fields: Mapping[str, bytes]) -> bytes:
    """A serialised PredictionsRequest with these entries of `input`."""
    request: Any = _MESSAGES["PredictionsRequest"]()
    request.model_name = model
    for name, value in fields.items():
        request.input[name] = value
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def decode(answer: bytes, rows: int = 1) -> Batch:
    """The rows of the JSON that the handler put into `prediction`."""
    response: Any = _MESSAGES["PredictionResponse"]()
    try:
        response.ParseFromString(answer)
    except DecodeError:
        raise ValueError(f"not a PredictionResponse: {answer[:80]!r}") from None
    return json_rows.decode(response.prediction)
