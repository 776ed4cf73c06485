"""Each row as a PNG file in base64 in JSON, decoded by the server."""

from __future__ import annotations

from serveoff.loadtests.payloads import image_files, json_rows
from serveoff.models.images.codec import to_png
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

kind = "png"
method = ""
takes, decode = image_files.takes, json_rows.decode
headers = json_rows.headers


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """A file for each row."""
    return image_files.as_json(spec, batch, to_png)
