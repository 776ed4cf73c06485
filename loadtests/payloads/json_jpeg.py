"""Each row as a JPEG file in base64 in JSON, decoded by the server: what most clients of an image model have."""

from __future__ import annotations

from serveoff.loadtests.payloads import image_files, json_rows
from serveoff.models.images.codec import to_jpeg
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

kind = "jpeg"
method = ""
takes, decode = image_files.takes, json_rows.decode
headers = json_rows.headers


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A file for each row."""
    return image_files.as_json(spec, batch, to_jpeg)
