"""The kinds of files a model may come in, one module each, found by its name.

A kind's module imports no framework: it says whether a file looks like its own, and checks its structure as far as that
can be told cheaply. What loads the file is the reader of the same name (serveoff.models.importing.readers), in a child
process.
"""

import importlib
import pkgutil
from pathlib import Path
from typing import Protocol, cast

from serveoff.models.importing.errors import bad_flag, no_model
from serveoff.models.importing.source import Source


class Kind(Protocol):
    """What a kind's module offers."""

    NODE: str
    """The node of serveoff.models.convert that such a file becomes."""
    FRAMEWORK: str
    """The distribution that reads it."""
    CALLED: str
    """What people call such a file."""
    SAVE: str
    """How to write one that is whole."""

    def detect(self, path: str) -> bool:
        """Whether the argument names a file or folder of this kind, by its name and its first bytes."""

    def check(self, source: Source) -> None:
        """Look at the file's structure; ImportFailed where it is broken. Reads no more than the file holds."""


def names() -> list[str]:
    """Every kind there is, in the order of the alphabet."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(kind: str) -> Kind:
    """A kind's module; ImportFailed where there is no such kind."""
    if kind not in names():
        raise bad_flag(f"there is no kind of model {kind!r}", f"--kind takes {', '.join(names())}")
    return cast(Kind, importlib.import_module(f"{__name__}.{kind}"))


def node_of(source: Source) -> str:
    """The node that a model becomes: a graph where code that is run to import it alone would be needed to load it."""
    return "savedmodel" if source.trusted else find(source.kind).NODE


def detected(path: str) -> str:
    """The kind of the file or folder at `path`; ImportFailed where it is none of them."""
    found = [kind for kind in names() if find(kind).detect(path)]
    if found:
        return found[0]
    if ":" not in path and not Path(path).exists():
        raise no_model(f"there is no file or folder {path}", "check the path; it is relative to the current folder")
    kinds = "; ".join(f"{kind}: {find(kind).CALLED}" for kind in names())
    raise no_model(f"{path} is not a model that can be imported", f"these can be: {kinds}. --kind names one outright")
