"""TF Serving's `PredictionService/Predict` with each row as a PNG file, decoded by the model's graph."""

from __future__ import annotations

from serveoff.loadtests.payloads import grpc_tfserving, image_files
from serveoff.models.images.codec import to_png
from serveoff.models.spec import IMAGE_SIGNATURE, ModelSpec
from serveoff.models.tensors import Batch

kind = "grpc_png"
method = grpc_tfserving.method
takes, decode = image_files.takes, grpc_tfserving.decode


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A serialised PredictRequest of one string a row: its file."""
    name, files = image_files.named(spec, batch, to_png)
    return grpc_tfserving.of_strings(spec.name, IMAGE_SIGNATURE, {name: files})
