"""What a model is, in words that need no framework: its tensors and where its files lie."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FORMATS = ("savedmodel", "frozen_graph", "torchscript", "keras_eager", "torch_eager")
"""The export formats, in the order of the report. Each is one module in `models.formats`."""

BYTES_SIGNATURE = "serving_bytes"
"""TensorFlow's signature that takes each row as the bytes of its numbers: base64 in JSON, bytes in gRPC."""

MODEL_NAME = r"^[a-z0-9_]+$"

REPOSITORY = Path(__file__).resolve().parent.parent


class TensorSpec(BaseModel):
    """One input or output tensor: name, shape (-1 is the batch dimension) and numpy dtype name."""

    model_config = ConfigDict(frozen=True)

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row, without the batch dimension."""
        return self.shape[1:]

    @property
    def bytes_name(self) -> str:
        """What `BYTES_SIGNATURE` calls this tensor's rows as byte strings."""
        return f"{self.name}_bytes"


class ModelSpec(BaseModel):
    """One model: its name, what it is good for, and its tensors."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=MODEL_NAME)
    description: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def is_model_name(name: str) -> bool:
    """Whether a model may be called so: its name is that of a folder, of a URL's part and of a Python package."""
    return re.fullmatch(MODEL_NAME, name) is not None


def artifacts_root() -> Path:
    """The folder that holds a folder per model: `$SERVEOFF_ARTIFACTS`, or `artifacts/` in the checkout."""
    return Path(os.environ.get("SERVEOFF_ARTIFACTS") or REPOSITORY / "artifacts")


def model_dir(model: str) -> Path:
    """The folder of one model: weights.npz, golden.npz, manifest.json and a folder per format."""
    return artifacts_root() / model
