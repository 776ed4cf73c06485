"""TensorFlow Serving's `PredictionService/Predict`, as the payload of that name sends it."""

import numpy as np

from serveoff.loadtests.attached import paths
from serveoff.loadtests.attached.reading import at, reading
from serveoff.loadtests.payloads import grpc_tfserving
from serveoff.models.tensors import Array, Batch

protocol = "grpc"
kind = grpc_tfserving.kind
method = grpc_tfserving.method
model = paths.model_in


def path(path: str) -> str:
    """The method: gRPC has no other path."""
    return method


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """A serialised PredictRequest for the default signature."""
    request = grpc_tfserving.new_request(model, grpc_tfserving.SIGNATURE)
    for name, array in inputs.items():
        if array.dtype.kind in "OSU":
            grpc_tfserving.fill_strings(request.inputs[name], _bytes(array), array.shape)
        else:
            grpc_tfserving.fill_tensor(request.inputs[name], array)
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def read(answer: bytes, path: str = "") -> Batch:
    """All outputs of a PredictResponse; a path names one as `outputs.NAME` or `NAME`."""
    outputs = grpc_tfserving.outputs_of(answer)
    if path:
        return reading(at(path, {name: array.tolist() for name, array in outputs.items()}))
    return reading(outputs)


def _bytes(array: Array) -> list[bytes]:
    return [value if isinstance(value, bytes) else str(value).encode() for value in np.ravel(array).tolist()]
