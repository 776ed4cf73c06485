"""What an attached endpoint is asked in and answers in: one module per format, found by its name."""

import importlib
import pkgutil
from typing import Protocol, cast

from serveoff.models.tensors import Batch


class Dialect(Protocol):
    """A format of requests and answers: a module of this package. Paths are those of URLs."""

    protocol: str
    """`rest` or `grpc`."""
    kind: str
    """What a request carries, as a Payload's."""
    method: str
    """The full gRPC method name; empty for REST."""

    def path(self, path: str) -> str:
        """What REST requests are sent to, from the path of the URL that names the model."""

    def model(self, path: str) -> str:
        """The model's name in that path, of gRPC with its version or label; empty where it has none."""

    def encode(self, model: str, inputs: Batch, template: str = "") -> bytes:
        """A request of one row, arrays (1, *row) by name, to what `model` gave; ValueError where it cannot be."""

    def read(self, answer: bytes, path: str = "") -> Batch:
        """An answer as serveoff.loadtests.attached.reading has it; ValueError where it is none.

        `path` is a JMESPath to what counts of it.
        """


def dialect(name: str) -> Dialect:
    """The dialect of that name; ValueError lists those there are."""
    if name not in names():
        raise ValueError(f"{name!r} is not a dialect: {', '.join(names())}")
    return cast(Dialect, importlib.import_module(f"{__name__}.{name}"))


def names() -> list[str]:
    """Of all there are, in order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))
