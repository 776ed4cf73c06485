"""TensorFlow Serving's `PredictionService/Predict`, as the payload of that name sends it."""

from typing import Any

from serveoff.loadtests.attached import paths
from serveoff.loadtests.attached.reading import outputs_at
from serveoff.loadtests.attached.rows import texts
from serveoff.loadtests.payloads import grpc_tfserving
from serveoff.models.tensors import Batch

protocol = "grpc"
kind = grpc_tfserving.kind
method = grpc_tfserving.method
path = paths.always(method)
model = paths.versioned_model_in


def encode(model: str, inputs: Batch, template: str = "") -> bytes:
    """A serialised PredictRequest for the default signature; ValueError for a version that is no number."""
    asked, version, label = paths.parts(model)
    request = grpc_tfserving.new_request(asked, grpc_tfserving.SIGNATURE)
    _choose(request.model_spec, version, label)
    for name, array in inputs.items():
        if array.dtype.kind in "OSU":
            grpc_tfserving.fill_strings(request.inputs[name], texts(array), array.shape)
        else:
            grpc_tfserving.fill_tensor(request.inputs[name], array)
    data: bytes = request.SerializeToString(deterministic=True)
    return data


def read(answer: bytes, path: str = "") -> Batch:
    """All outputs of a PredictResponse; a path names one as `outputs.NAME` or `NAME`."""
    return outputs_at(path, grpc_tfserving.outputs_of(answer))


def _choose(spec: Any, version: str, label: str) -> None:
    if version and not version.isdecimal():
        raise ValueError(f"TensorFlow Serving's versions are numbers, and {version} is none: correct the URL")
    if version:
        spec.version.value = int(version)
    if label:
        spec.version_label = label
