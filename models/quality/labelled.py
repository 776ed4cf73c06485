"""Labelled samples: inputs that a model never learned from, each with its true class, to measure accuracy with.

`labelled.npz` holds one array per input, `inputs/<name>`, and `labels`, in an order of no meaning: any first part of it
is a fair sample.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serveoff.models.manifest import Manifest, is_there
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, rows_of, take

LABELLED_NAME = "labelled.npz"
MOST_ROWS = 2_000
"""So many are kept: they tell an accuracy of 90% to within 1.3 points."""
SEED = 7
_INPUTS, _LABELS = "inputs/", "labels"
_CLASSES_AXES = 2


@dataclass(frozen=True)
class Labelled:
    """Inputs (n, *row) and their true classes (n,)."""

    inputs: Batch
    labels: NDArray[np.int64]


def classes_of(spec: ModelSpec) -> tuple[str, int] | None:
    """The first output that tells classes apart, and how many there are; None where there is no such output."""
    for tensor in spec.outputs:
        if len(tensor.shape) == _CLASSES_AXES and tensor.dtype.startswith("float") and tensor.shape[1] > 1:
            return tensor.name, tensor.shape[1]
    return None


def right(answers: Batch, labels: Array, spec: ModelSpec) -> NDArray[np.bool_]:
    """Whether the most probable class of each row is the true one, (n,), of a model that tells classes apart."""
    found = classes_of(spec)
    assert found is not None
    return np.asarray(answers[found[0]].argmax(axis=1) == labels, bool)


def write_labelled(folder: Path, inputs: Batch, labels: Array) -> None:
    """Write some of these samples, MOST_ROWS at most, into a model's folder."""
    chosen = np.random.default_rng(SEED).permutation(len(labels))[:MOST_ROWS]
    arrays = {f"{_INPUTS}{name}": array for name, array in take(inputs, chosen).items()}
    np.savez(folder / LABELLED_NAME, **arrays, **{_LABELS: np.asarray(labels[chosen], np.int64)})  # type: ignore[arg-type]


def read_labelled(folder: Path, manifest: Manifest) -> Labelled | None:
    """A model's labelled samples; None where it has none. ArtifactError where they are not the manifest's."""
    path = folder / LABELLED_NAME
    if not manifest.labelled_sha256 or not is_there(path, manifest.labelled_sha256, manifest):
        return None
    with np.load(path) as arrays:
        inputs = {name.removeprefix(_INPUTS): arrays[name] for name in arrays.files if name.startswith(_INPUTS)}
        found = Labelled(inputs, arrays[_LABELS])
    return found if rows_of(found.inputs) == len(found.labels) else None
