"""What loads a user's file, one module a kind, found by its name; imported only in a child process.

A reader imports its framework at its top. Nothing here is run by the command line itself, since loading a SavedModel
or a TorchScript file means to trust it with a process.
"""

import importlib
from pathlib import Path
from typing import Protocol, cast

from serveoff.models.importing.source import Found, Names, Source
from serveoff.models.jobs.child import Refused
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch


class Reader(Protocol):
    """A model that was loaded from a user's file, in its own framework."""

    found: Found
    parameters: int
    """How many numbers it has learned, as far as its file tells weights from other constants."""

    def predict(self, batch: Batch) -> dict[str, Array]:
        """The outputs for a batch, both by the source's names; the outputs in the source's order."""

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """Write the model as a node of serveoff.models.convert, in an empty folder, with the spec's names."""


def opened(source: Source) -> Reader:
    """Load a source by the class `Model` of its kind's module, which may raise anything at all.

    child.Refused with the reason where it is none that can be served.
    """
    try:
        return cast(Reader, importlib.import_module(f"{__name__}.{source.kind}").Model(source))
    except ArtifactError as error:
        raise Refused(error.text, advice=error.remedy) from None
