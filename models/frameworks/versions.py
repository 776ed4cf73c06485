"""Which release of a framework is installed, by whichever distribution brought it."""

from importlib.metadata import PackageNotFoundError, version

CPU_SUFFIX = "-cpu"
"""`tensorflow-cpu` is TensorFlow without its GPU part: another distribution, the same release and the same package."""


def installed(name: str) -> str:
    """The version of a distribution, or of its CPU variant; PackageNotFoundError, naming the first, for neither."""
    try:
        return version(name)
    except PackageNotFoundError as missing:
        try:
            return version(name + CPU_SUFFIX)
        except PackageNotFoundError:
            raise missing from None
