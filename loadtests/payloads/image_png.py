"""The PNG file of one row as the body, decoded by the server."""

from __future__ import annotations

from serveoff.loadtests.payloads import image_files, json_rows
from serveoff.models.images import PNG
from serveoff.models.images.codec import to_png
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch

kind = "png_file"
method = ""
takes, decode = image_files.takes, json_rows.decode


def headers(spec: ModelSpec, batch: Batch) -> dict[str, str]:
    """The type of the body; the answer is JSON."""
    return {"Content-Type": PNG}


def encode(spec: ModelSpec, batch: Batch) -> bytes:
    """The file of the one row."""
    return image_files.as_file(spec, batch, to_png)
