"""TorchServe's `InferenceAPIsService/Predictions`, with the JSON of REST as `data`, as in its own example client."""

from serveoff.loadtests.attached import paths
from serveoff.loadtests.attached.dialects import tfserving, torchserve
from serveoff.loadtests.payloads import grpc_torchserve, grpc_torchserve_json
from serveoff.models.tensors import Batch

protocol = "grpc"
kind = grpc_torchserve_json.kind
method = grpc_torchserve_json.method
path = paths.always(method)
model = paths.versioned_model_in


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """A serialised PredictionsRequest; ValueError for a label, which TorchServe has not."""
    name, version = paths.name_and_version(model)
    return grpc_torchserve.pack(name, {"data": tfserving.encode(name, inputs)}, version)


def read(answer: bytes, path: str = "") -> Batch:
    """What the handler put into `prediction`."""
    return torchserve.read(grpc_torchserve.prediction_of(answer), path)
