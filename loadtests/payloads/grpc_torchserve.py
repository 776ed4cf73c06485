"""TorchServe's `InferenceAPIsService/Predictions` with each input's bytes, and their shape beside them.

`data` and `shape` for a model's one input, `data.<name>` and `shape.<name>` for each of several. Field numbers:
frontend/server/src/main/resources/proto/inference.proto of TorchServe 0.12.0.
"""

from collections.abc import Mapping
from typing import Any

from serveoff.loadtests.payloads import json_rows
from serveoff.loadtests.payloads.arrays import little_endian
from serveoff.models.protobuf_messages import build, parsed
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

kind = "bytes"
method = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"

_MESSAGES = build(
    "serveoff.torchserve",
    {
        "PredictionsRequest": {
            "model_name": (1, "string"),
            "model_version": (2, "string"),
            "input": (3, "map<string,bytes>"),
        },
        "PredictionResponse": {"prediction": (1, "bytes")},
    },
)


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictionsRequest: `data` is little-endian, `shape` reads like `1,28,28,1`."""
    fields: dict[str, bytes] = {}
    for tensor in spec.inputs:
        rows = little_endian(batch[tensor.name], tensor)
        of = f".{tensor.name}" if len(spec.inputs) > 1 else ""
        fields |= {f"data{of}": rows.tobytes(), f"shape{of}": ",".join(map(str, rows.shape)).encode()}
    return pack(spec.name, fields)


def pack(model: str, fields: Mapping[str, bytes], version: str = "") -> bytes:
    """A serialised PredictionsRequest with these entries of `input`; without a version the default one is asked."""
    request: Any = _MESSAGES["PredictionsRequest"]()
    request.model_name, request.model_version = model, version
    for name, value in fields.items():
        request.input[name] = value
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def decode(answer: bytes, rows: int, spec: ModelSpec) -> Batch:
    """The outputs in the JSON that the handler put into `prediction`."""
    return json_rows.decode(prediction_of(answer), rows, spec)


def prediction_of(answer: bytes) -> bytes:
    """What the handler wrote; ValueError where the answer is no PredictionResponse."""
    prediction: bytes = parsed(_MESSAGES["PredictionResponse"], answer).prediction
    return prediction
