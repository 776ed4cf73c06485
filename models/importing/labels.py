"""The true classes of the user's samples: `--labels FILE.npy`, one number a row of `--samples`."""

from pathlib import Path

import numpy as np

from serveoff.models.importing import samples
from serveoff.models.importing.errors import bad_labels
from serveoff.models.importing.source import Names
from serveoff.models.manifest import digest
from serveoff.models.quality.labelled import LABELLED_NAME, classes_of, write_labelled
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, rows_of, take

HOW = "write it with numpy.save(path, classes): one whole number a sample, the place of its class in the model's output"


def read(path: str) -> Array:
    """Classes (n,), whole numbers; ImportFailed where the file holds none. Pickled objects are refused."""
    try:
        samples.check_size(path)
        found: Array = np.load(path, allow_pickle=False)
    except samples.BROKEN as error:
        raise bad_labels(f"{path} cannot be read as an .npy file of labels: {error}", HOW) from None
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind not in "iub":
        kind = f"{found.dtype}{list(found.shape)}" if isinstance(found, np.ndarray) else "several arrays"
        raise bad_labels(f"{path} holds {kind}, not one whole number a sample", HOW)
    return found


def store(path: str, samples_path: str, names: Names, spec: ModelSpec, folder: Path) -> str:
    """Write the labelled samples into the model's folder; the file's SHA-256, empty where no labels were given.

    ImportFailed where they are not of these samples, or the model tells no such classes apart.
    """
    if not path:
        return ""
    labels, given = read(path), samples.read(samples_path)
    inputs = samples.chosen(samples_path, given, spec.inputs, names.inputs)
    if len(labels) != rows_of(inputs):
        raise bad_labels(f"{path} has {len(labels)} labels, and {samples_path} {rows_of(inputs)} samples")
    found = classes_of(spec)
    if found is None:
        shapes = ", ".join(f"{tensor.name}{list(tensor.shape)}" for tensor in spec.outputs)
        raise bad_labels(f"the model tells no classes apart: it gives {shapes}", "import it without --labels")
    output, classes = found
    if labels.min() < 0 or labels.max() >= classes:
        said = f"{path} has labels from {labels.min()} to {labels.max()}"
        raise bad_labels(f"{said}, and the model's {output} has classes 0 to {classes - 1}", HOW)
    kept, _ = samples.told(samples_path, inputs)
    write_labelled(folder, take(inputs, kept), labels[kept])
    return digest(folder / LABELLED_NAME)
