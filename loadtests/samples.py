"""The real inputs that a load test sends, and the answers it should get."""

from pathlib import Path
from typing import Final

import numpy as np

from serveoff.models.catalog import load_spec
from serveoff.models.golden import GOLDEN_NAME, Golden, read_golden
from serveoff.models.manifest import MANIFEST_NAME, ArtifactError, read_manifest
from serveoff.models.spec import ModelSpec, model_dir
from serveoff.models.tensors import Batch, misfit, rows_of

NULL_FORMAT: Final = "null"
"""The deployment without a model: it answers zeros, and that is what is expected of it."""


class SamplesError(Exception):
    """There are no golden inputs to send; the message names the file and the next action."""


def spec_of(model: str, folder: Path | None = None) -> ModelSpec:
    """The model's inputs and outputs: by the manifest in that folder, if one is named and has it, or by its name."""
    try:
        if folder is not None and (folder / MANIFEST_NAME).is_file():
            return read_manifest(folder).spec
        return load_spec(model)
    except ArtifactError as error:
        raise SamplesError(str(error)) from None


def golden_inputs(model: str, folder: Path | None = None) -> Batch:
    """The held-out inputs of a model, by name, each (n, *row)."""
    return read_samples(model, folder).inputs


def expected_outputs(model: str, format: str, folder: Path | None = None) -> Batch:
    """What a deployment of this format should answer to the golden inputs: zeros from `null`."""
    return expected_of(read_samples(model, folder), format)


def expected_of(samples: Golden, format: str) -> Batch:
    """The same, to these inputs."""
    if format != NULL_FORMAT:
        return samples.outputs
    return {name: np.zeros_like(array) for name, array in samples.outputs.items()}


def read_samples(model: str, folder: Path | None = None) -> Golden:
    """The golden inputs of a model and what it answers; SamplesError where there are none."""
    path = (folder or model_dir(model)) / GOLDEN_NAME
    spec = spec_of(model, folder)
    try:
        golden = read_golden(path.parent)
    except FileNotFoundError:
        raise SamplesError(f"no golden inputs at {path}: run `serveoff export` first") from None
    except (KeyError, ValueError, OSError) as error:
        raise SamplesError(f"{path} cannot be read ({error}): run `serveoff export --force`") from None
    wrong = misfit(golden.inputs, spec.inputs) or misfit(golden.outputs, spec.outputs, rows_of(golden.inputs))
    if wrong or not rows_of(golden.inputs):
        raise SamplesError(f"{path} is not of {model} ({wrong or 'it has no rows'}): run `serveoff export --force`")
    return golden
