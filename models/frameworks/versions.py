"""Which release of a framework is installed, by whichever distribution brought it."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

SUFFIXES = ("", "-cpu", "-gpu")
"""`tensorflow-cpu` is TensorFlow without its GPU part, `onnxruntime-gpu` is ONNX Runtime with one: other distributions
of the same release and package."""


def installed(name: str) -> str:
    """The version of a distribution, or of its variant for a CPU or GPU; PackageNotFoundError, naming the first."""
    for suffix in SUFFIXES:
        with suppress(PackageNotFoundError):
            return version(name + suffix)
    raise PackageNotFoundError(name)
