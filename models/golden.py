"""The golden answers: what the framework that trained a model says about inputs it was never trained on.

`golden.npz` holds one array per tensor, `inputs/<name>` and `outputs/<name>`, and `labels` where there are true ones.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serveoff.models.tensors import Batch

GOLDEN_NAME = "golden.npz"
ROWS = 64
"""How many golden inputs a model of the zoo has; a large model may have fewer."""
_INPUTS, _OUTPUTS, _LABELS = "inputs/", "outputs/", "labels"


@dataclass(frozen=True)
class Golden:
    """Held-out inputs (n, *row), what the trained network answers (n, *row), and true labels (n,) if there are any."""

    inputs: Batch
    outputs: Batch
    labels: NDArray[np.int64] | None = None


def read_golden(model_dir: Path) -> Golden:
    """The golden arrays of the model in a folder; KeyError where the file holds none."""
    return unpacked((model_dir / GOLDEN_NAME).read_bytes())


def unpacked(data: bytes) -> Golden:
    """The golden arrays in the bytes of such a file."""
    with np.load(BytesIO(data)) as arrays:
        inputs, outputs = ({n.removeprefix(p): arrays[n] for n in arrays.files if n.startswith(p)} for p in _KINDS)
        if not inputs or not outputs:
            raise KeyError(f"{GOLDEN_NAME} holds no {_INPUTS}* or no {_OUTPUTS}*")
        return Golden(inputs, outputs, arrays[_LABELS] if _LABELS in arrays.files else None)


def write_golden(model_dir: Path, golden: Golden) -> None:
    """Write the golden arrays into a model's folder."""
    (model_dir / GOLDEN_NAME).write_bytes(packed(golden))


def packed(golden: Golden) -> bytes:
    """The bytes of such a file."""
    arrays = {f"{prefix}{name}": array for prefix, batch in zip(_KINDS, (golden.inputs, golden.outputs), strict=True)
              for name, array in batch.items()}  # fmt: skip
    if golden.labels is not None:
        arrays[_LABELS] = golden.labels
    file = BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


_KINDS = (_INPUTS, _OUTPUTS)
