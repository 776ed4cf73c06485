"""The real inputs that a load test sends, and the answers it should get."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from loadtests.payloads import Batch
from models.golden import GOLDEN_NAME, read_golden
from models.spec import model_dir

NULL_FORMAT: Final = "null"
"""The deployment without a model: it answers zeros, and that is what is expected of it."""


class SamplesError(Exception):
    """There are no golden inputs to send; the message names the file and the next action."""


def golden_inputs(model: str, folder: Path | None = None) -> Batch:
    """The held-out inputs of a model, shape (n, *row), float32."""
    return _golden(folder or model_dir(model))[0]


def expected_outputs(model: str, format: str, folder: Path | None = None) -> Batch:
    """What a deployment of this format should answer to the golden inputs: zeros from `null`."""
    outputs = _golden(folder or model_dir(model))[1]
    return np.zeros_like(outputs) if format == NULL_FORMAT else outputs


def _golden(folder: Path) -> tuple[Batch, Batch]:
    path = folder / GOLDEN_NAME
    try:
        golden = read_golden(folder)
    except FileNotFoundError:
        raise SamplesError(f"no golden inputs at {path}: run `serveoff export` first") from None
    except (KeyError, ValueError, OSError) as error:
        raise SamplesError(f"{path} cannot be read ({error}): run `serveoff export --force`") from None
    return golden.inputs.astype(np.float32), golden.outputs.astype(np.float32)
