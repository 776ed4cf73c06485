"""The versions of what serves: of the server itself, and of the framework that computes in it."""

import re
from collections.abc import Mapping
from typing import Final

from serveoff.measure.runtimes import Server
from serveoff.services.tfserving import BINARY

OF_SERVERS: Final[Mapping[str, tuple[str, ...]]] = {
    "flask": ("flask", "gunicorn"),
    "flask-tuned": ("flask", "gunicorn"),
    "torchserve": ("torchserve",),
}
OF_FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    "torchscript": ("torch",),
    "torch_eager": ("torch",),
    "torch_export": ("torch",),
    "onnx": ("onnxruntime",),
    "savedmodel": ("tensorflow",),
    "frozen_graph": ("tensorflow",),
    "keras_eager": ("tensorflow", "keras"),
}
_TOLD: Final = re.compile(r"TensorFlow (ModelServer|Library): (\S+)")
_NAMES: Final = {"ModelServer": "tensorflow_model_server", "Library": "tensorflow"}


def server_versions(server: Server, installed: Mapping[str, str]) -> dict[str, str]:
    """Name to version. `installed` are the Python packages where it runs; TensorFlow Serving has none, and is asked."""
    deployment = server.deployment
    if deployment.server == "tfserving":
        return {_NAMES[part]: version for part, version in _TOLD.findall(server.output(BINARY, "--version"))}
    names = (*OF_SERVERS.get(deployment.server, ()), *OF_FORMATS.get(deployment.format, ()))
    return {name: installed[name] for name in names if name in installed}
