"""What a request carries: one module per encoding, found by its name, and none of them imports a framework.

The encodings of image files differ by little, and are one module.
"""

import importlib
import re
from collections.abc import Callable
from typing import Protocol, cast

from serveoff.models.catalog import load_spec
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch
from serveoff.services.registry import Endpoint

IMAGE_FILE = re.compile("(json|image|grpc_tfserving|grpc_torchserve)_(jpeg|png)")
"""The names of serveoff.loadtests.payloads.image_files.PAYLOADS."""


class Payload(Protocol):
    """An encoding: a module of this package, or one of its `image_files`."""

    kind: str
    """What it carries, as `json`: serveoff.report.phrases.names says it in full, or the report says just this.

    Equal for encodings that carry the same in the messages of two servers.
    """
    method: str
    """The full gRPC method name; empty for REST, where the path carries the model's name."""

    def encode(self, spec: ModelSpec, batch: Batch) -> bytes:
        """One request body for a batch of the model's inputs; ValueError where it cannot carry them."""

    def decode(self, answer: bytes, rows: int, spec: ModelSpec) -> Batch:
        """The model's outputs in the answer to a request of so many rows; ValueError where it is not such an answer."""

    # One for REST also has `headers(spec, batch) -> dict[str, str]`: what the request's head says of its body.
    # One that carries some models' inputs only has `takes(spec) -> bool`.


def payload_for(protocol: str, grpc_api: str = "", name: str = "") -> Payload:
    """The encoding of that name, or else the protocol's own: `json_rows` for REST, `grpc_<api>` for gRPC."""
    name = name or (f"grpc_{grpc_api}" if protocol == "grpc" else "json_rows")
    if IMAGE_FILE.fullmatch(name):  # imported for those who send them: others need no reader of images
        return cast(Payload, importlib.import_module(f"{__name__}.image_files").PAYLOADS[name])
    return cast(Payload, importlib.import_module(f"{__name__}.{name}"))


def others_of(endpoint: Endpoint) -> tuple[str, ...]:
    """The encodings that an endpoint takes besides its protocol's own, and that can carry its model's inputs."""
    names = endpoint.deployment.payloads.get(endpoint.protocol, ())
    if endpoint.protocol == "call":
        return names
    return tuple(name for name in names if carries(name, endpoint.deployment.model))


def carries(name: str, model: str) -> bool:
    """Whether an encoding can carry a model's inputs; nothing is known against most, whatever the model is."""
    takes: Callable[[ModelSpec], bool] | None = getattr(payload_for("", name=name), "takes", None)
    if takes is None:
        return True
    try:
        return takes(load_spec(model))
    except ArtifactError:  # no such model yet: it has no images to send
        return False
