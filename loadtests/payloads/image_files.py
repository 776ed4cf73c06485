"""Image rows as files, which is how clients have them. Not an encoding by itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import numpy as np
import orjson

from serveoff.models.images.codec import Pixels
from serveoff.models.spec import IMAGE_SIGNATURE, ModelSpec
from serveoff.models.tensors import Array, Batch

Write = Callable[[Pixels], bytes]
"""One image (height, width, 3) to a file."""
BRIGHTEST = 255


def takes(spec: ModelSpec) -> bool:
    """Whether a model's rows are images."""
    return spec.image is not None


def files(spec: ModelSpec, batch: Batch, write: Write) -> list[bytes]:
    """A file for each row; ValueError where the model takes no images, or a row is none."""
    if spec.image is None:
        raise ValueError(f"{spec.name} takes no images")
    return [write(image) for image in _pixels(batch[spec.image.name])]


def named(spec: ModelSpec, batch: Batch, write: Write) -> tuple[str, list[bytes]]:
    """What `IMAGE_SIGNATURE` calls the model's one input, and a file for each row."""
    found = files(spec, batch, write)
    assert spec.image is not None
    return spec.image.encoded_name, found


def as_json(spec: ModelSpec, batch: Batch, write: Write) -> bytes:
    """A request body in TensorFlow Serving's REST format: `{"b64": ...}` for the string tensor of `IMAGE_SIGNATURE`."""
    instances = [{"b64": b64encode(file).decode()} for file in files(spec, batch, write)]
    return orjson.dumps({"signature_name": IMAGE_SIGNATURE, "instances": instances})


def as_file(spec: ModelSpec, batch: Batch, write: Write) -> bytes:
    """A request body that is the file itself; ValueError for several rows."""
    found = files(spec, batch, write)
    if len(found) != 1:
        raise ValueError(f"a body that is an image holds one row, not {len(found)}")
    return found[0]


def _pixels(array: Array) -> Pixels:
    pixels = array.astype(np.uint8)
    if not np.array_equal(pixels, array):
        raise ValueError(f"the rows are no images: they hold other numbers than whole ones from 0 to {BRIGHTEST}")
    return pixels
