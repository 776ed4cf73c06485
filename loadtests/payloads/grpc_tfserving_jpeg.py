"""TF Serving's `PredictionService/Predict` with each row as a JPEG file, decoded by the model's graph."""

from __future__ import annotations

from serveoff.loadtests.payloads import grpc_tfserving, image_files
from serveoff.models.images.codec import to_jpeg
from serveoff.models.spec import IMAGE_SIGNATURE, ModelSpec
from serveoff.models.tensors import Batch

kind = "grpc_jpeg"
method = grpc_tfserving.method
takes, decode = image_files.takes, grpc_tfserving.decode


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictRequest of one string a row: its file."""
    name, files = image_files.named(spec, batch, to_jpeg)
    return grpc_tfserving.of_strings(spec.name, IMAGE_SIGNATURE, {name: files})
