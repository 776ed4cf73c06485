"""Image rows as JPEG or PNG files, which is how clients have them: an encoding for each way to send each of both."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson

from serveoff.loadtests.payloads import Payload, grpc_tfserving, grpc_torchserve, json_rows
from serveoff.models.images import JPEG, PNG
from serveoff.models.images.codec import Pixels, to_jpeg, to_png
from serveoff.models.spec import IMAGE_SIGNATURE, ModelSpec, TensorSpec
from serveoff.models.tensors import Array, Batch

Body = Callable[[ModelSpec, TensorSpec, list[bytes], str], bytes]
"""A request body from a model, its one input, a file for each row, and their media type."""
BRIGHTEST = 255


@dataclass(frozen=True)
class ImageFiles:
    """A payload (see `Payload`) whose rows are files; answers are read as `answers` reads them."""

    kind: str
    answers: Payload
    body: Body
    write: Callable[[Pixels], bytes]
    """One image (height, width, 3) to a file."""
    media_type: str

    @property
    def method(self) -> str:
        """That of the payload with the same answers."""
        return self.answers.method

    def takes(self, spec: ModelSpec) -> bool:
        """Whether a model's rows are images."""
        return spec.image is not None

    def headers(self, spec: ModelSpec, batch: Batch) -> dict[str, str]:
        """The type of the body, which is the file itself or JSON; the answer is JSON."""
        return {"Content-Type": self.media_type if self.body is _one_file else "application/json"}

    def encode(self, spec: ModelSpec, batch: Batch) -> bytes:
        """A body of a file for each row; ValueError where the model takes no images, or a row is none."""
        if spec.image is None:
            raise ValueError(f"{spec.name} takes no images")
        files = [self.write(image) for image in _pixels(batch[spec.image.name])]
        return self.body(spec, spec.image, files, self.media_type)

    def decode(self, answer: bytes, rows: int, spec: ModelSpec) -> Batch:
        """The model's outputs."""
        return self.answers.decode(answer, rows, spec)


def _pixels(array: Array) -> Pixels:
    pixels = array.astype(np.uint8)
    if not np.array_equal(pixels, array):
        raise ValueError(f"the rows are not images: they hold other than whole numbers from 0 to {BRIGHTEST}")
    return pixels


def _in_json(spec: ModelSpec, image: TensorSpec, files: list[bytes], media_type: str) -> bytes:
    """TensorFlow Serving's REST format: `{"b64": ...}` for the string tensor of `IMAGE_SIGNATURE`."""
    instances = [{"b64": b64encode(file).decode()} for file in files]
    return orjson.dumps({"signature_name": IMAGE_SIGNATURE, "instances": instances})


def _one_file(spec: ModelSpec, image: TensorSpec, files: list[bytes], media_type: str) -> bytes:
    """The file itself, as a browser or a camera uploads it."""
    if len(files) != 1:
        raise ValueError(f"a body that is an image holds one row, not {len(files)}")
    return files[0]


def _for_tfserving(spec: ModelSpec, image: TensorSpec, files: list[bytes], media_type: str) -> bytes:
    """A PredictRequest of one string a row, decoded by the model's graph."""
    return grpc_tfserving.of_strings(spec.name, IMAGE_SIGNATURE, {image.encoded_name: files})


def _for_torchserve(spec: ModelSpec, image: TensorSpec, files: list[bytes], media_type: str) -> bytes:
    """A PredictionsRequest, decoded by the handler: `data` is the file, `type` what it is."""
    data = _one_file(spec, image, files, media_type)
    return grpc_torchserve.pack(spec.name, {"data": data, "type": media_type.encode()})


PAYLOADS: Final[Mapping[str, ImageFiles]] = {
    f"{way}_{name}": ImageFiles(kind.format(name), answers, body, write, media_type)
    for way, kind, answers, body in (
        ("json", "{}", json_rows, _in_json),
        ("image", "{}_file", json_rows, _one_file),
        ("grpc_tfserving", "grpc_{}", grpc_tfserving, _for_tfserving),
        ("grpc_torchserve", "grpc_{}", grpc_torchserve, _for_torchserve),
    )
    for name, write, media_type in (("jpeg", to_jpeg, JPEG), ("png", to_png, PNG))
}
"""By the names that a registry block has for them."""
