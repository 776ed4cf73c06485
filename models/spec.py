"""What a model is, in words that need no framework: its tensors and where its files lie."""

import os
import pkgutil
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_MODULES = pkgutil.iter_modules([str(Path(__file__).with_name("formats"))])
FORMATS = tuple(sorted(module.name for module in _MODULES))
"""The export formats: each is one module in `serveoff.models.formats`, found by its file and not imported here."""

SIGNATURE = "serving_default"
"""TensorFlow's signature that takes rows as numbers."""

BYTES_SIGNATURE = "serving_bytes"
"""TensorFlow's signature that takes each row as the bytes of its numbers: base64 in JSON, bytes in gRPC."""

IMAGE_SIGNATURE = "serving_image"
"""The signature of TensorFlow's artifacts of an image model that takes each row as a JPEG or PNG file."""

MODEL_NAME = r"^[a-z0-9_]+$"

REPOSITORY = Path(__file__).resolve().parent.parent


class TensorSpec(BaseModel):
    """One input or output tensor: name, shape (-1 is the batch dimension) and numpy dtype name.

    `source` is what a user's model calls it, where that is no identifier or another tensor's name: `box-xy`,
    `states/0` for the first of the answer's `states`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    shape: tuple[int, ...]
    dtype: str
    source: str = ""
    precision: str = ""
    """What an output of floats was computed in, where that is coarser than its dtype: `float16`, `bfloat16`."""
    scale: float = 0.0
    """What the values of an output of floats are made of, where it is known: sums that cancel out lose as much of it in
    a small value as in a large one. 0: numbers around 1, or the values themselves."""
    image: bool = False
    """Whether a row is an image of red, green and blue levels from 0 to 255, which may also come as a file."""

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row, without the batch dimension."""
        return self.shape[1:]

    @property
    def bytes_name(self) -> str:
        """What `BYTES_SIGNATURE` calls this tensor's rows as byte strings."""
        return f"{self.name}_bytes"

    @property
    def encoded_name(self) -> str:
        """What `IMAGE_SIGNATURE` calls this tensor's rows as files."""
        return f"{self.name}_encoded"


class ModelSpec(BaseModel):
    """One model: its name, what it is good for, and its tensors."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=MODEL_NAME)
    description: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    one_row: bool = False
    """Whether its artifacts take one row at a time: who loads them asks for several one after another."""

    @property
    def image(self) -> TensorSpec | None:
        """The input whose rows may come as image files: the only one of a model, and an image."""
        return self.inputs[0] if len(self.inputs) == 1 and self.inputs[0].image else None


def is_model_name(name: str) -> bool:
    """Whether a model may be called so: its name is that of a folder, of a URL's part and of a Python package."""
    return re.fullmatch(MODEL_NAME, name) is not None


def artifacts_root() -> Path:
    """The folder that holds a folder per model: `$SERVEOFF_ARTIFACTS`, or `artifacts/` in the checkout."""
    return Path(os.environ.get("SERVEOFF_ARTIFACTS") or REPOSITORY / "artifacts")


def state_root() -> Path:
    """The folder of what holds for now, as which endpoints run: `$SERVEOFF_STATE`, or `.serveoff/` in the checkout."""
    return Path(os.environ.get("SERVEOFF_STATE") or REPOSITORY / ".serveoff").resolve()


def model_dir(model: str) -> Path:
    """The folder of one model: weights.npz, golden.npz, manifest.json and a folder per format."""
    return artifacts_root() / model
