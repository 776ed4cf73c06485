"""Which release of a framework is installed, by whichever distribution brought it."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

CPU_SUFFIX = "-cpu"
"""`tensorflow-cpu` is TensorFlow without its GPU part: another distribution, the same release and the same package."""


def installed(name: str) -> str:
    """The version of a distribution, or of its CPU variant; PackageNotFoundError, naming the first, for neither."""
    with suppress(PackageNotFoundError):
        return version(name)
    with suppress(PackageNotFoundError):
        return version(name + CPU_SUFFIX)
    raise PackageNotFoundError(name)
