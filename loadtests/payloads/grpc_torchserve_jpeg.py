"""TorchServe's `InferenceAPIsService/Predictions` with one row as a JPEG file, decoded by the handler."""

from __future__ import annotations

from serveoff.loadtests.payloads import grpc_torchserve, image_files
from serveoff.models.images import JPEG
from serveoff.models.images.codec import to_jpeg
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

kind = "grpc_jpeg"
method = grpc_torchserve.method
takes, decode = image_files.takes, grpc_torchserve.decode


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictionsRequest: `data` is the file, `type` what it is."""
    return grpc_torchserve.pack(spec.name, {"data": image_files.as_file(spec, batch, to_jpeg), "type": JPEG.encode()})
