"""The export formats, one module each, found by its name: `export` writes an artifact, `load` runs it."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, cast

from serveoff.models.golden import GOLDEN_NAME, read_golden
from serveoff.models.manifest import ArtifactError
from serveoff.models.quality.precision import refusal
from serveoff.models.spec import FORMATS, ModelSpec
from serveoff.models.tensors import Batch, join, rows_of, take, zeros
from serveoff.models.weights import Weights

Predict = Callable[[Batch], Batch]
"""Maps the model's inputs to its outputs, by name, all C-contiguous (serveoff.models.tensors)."""


AS_SERVED = "as_served"
"""The name of the call `predict`, where a format has a quicker one."""


@dataclass(frozen=True)
class Loaded:
    """A model in memory. `device` is where it computed when it was tried out, whatever was asked for.

    `cpu` or `cuda:0`; parts in several places are joined, as in `cpu+cuda:0`. TensorFlow moves an operation to the CPU
    without a word where the GPU cannot run it, so that what was asked for proves nothing.
    """

    predict: Predict
    device: str
    calls: Mapping[str, Predict] = field(default_factory=dict)
    """Other ways to call the same model, by name; only the floor measures them."""
    quickest: Callable[[], Predict] | None = None
    """Makes the quickest way to call it in its process: what a floor is. None where `predict` is that.

    Servers keep the way that their users take, which the floor then measures as AS_SERVED beside it.
    """
    layers: Mapping[str, Predict] = field(default_factory=dict)
    """A layer's name to what that layer gives for a batch, by that name: after its activation, images as NHWC."""
    no_layers: str = ""
    """Why there is no layer to ask for, where `layers` is empty."""
    executor: str = ""
    """What runs it, where its format may be run by several: which of them."""
    precision: str = ""
    """What it computes in, by its own word, where that is lower than its artifact's: models/quality/precision.py."""
    intra_op_threads: int | None = None
    """Threads of one operation by the framework's own word after loading; 0: as many as it chooses. None: unknown."""


class Format(Protocol):
    """What a format's module offers."""

    FRAMEWORK: str
    """The distribution that reads the artifact; `versions.installed(FRAMEWORK)` is its version."""

    SERVED: str
    """What one server loads, below the artifact's folder; empty for all of it. Its size is the artifact's size."""

    def export(self, spec: ModelSpec, weights: Weights, folder: Path) -> None:
        """Write the artifact into a folder that exists and is empty."""

    def load(self, folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
        """Load the artifact as it is meant to be served: once per process, before anything else is computed.

        `threads` is the framework's intra-op threads, 0 for as many as it chooses itself; `device` is `cpu`, `cuda`
        or `cuda:0`. A format that is named in models/quality/precision.py also takes a lower `precision` to compute in;
        ArtifactError where the artifact or the CPU has none.
        """


def one_row(spec: ModelSpec, folder: Path) -> Batch:
    """A batch to try an artifact out with: the first golden row where golden.npz lies beside it, or else zeros.

    Zeros are no input to some models: a sequence's length of 0, a divisor.
    """
    if (folder.parent / GOLDEN_NAME).is_file():
        return take(read_golden(folder.parent).inputs, slice(1))
    return zeros(spec.inputs)


def load(
    format: str, folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu", precision: str = ""
) -> Loaded:
    """Load an artifact by its format's module; one that takes one row at a time is asked row by row."""
    if precision and (why := refusal(format, precision, device)):
        raise ArtifactError(why)
    lower = {"precision": precision} if precision else {}
    loaded = find(format).load(folder, spec, threads=threads, device=device, **lower)
    return replace(loaded, predict=by_row(loaded.predict)) if spec.one_row else loaded


def by_row(predict: Predict) -> Predict:
    """The same for any number of rows, one after another."""

    def predict_each(batch: Batch) -> Batch:
        return join([predict(take(batch, slice(row, row + 1))) for row in range(rows_of(batch))])

    return predict_each


def find(format: str) -> Format:
    """A format's module, by its name; ArtifactError where there is no such format."""
    name = f"serveoff.models.formats.{format}"
    if not format.isidentifier() or importlib.util.find_spec(name) is None:
        raise ArtifactError(f"there is no format {format!r}: it is one of {', '.join(FORMATS)}")
    return cast(Format, importlib.import_module(name))
