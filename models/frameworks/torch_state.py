"""A module's weights from a file, without running code of the file's."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch

from serveoff.models.manifest import ArtifactError

PICKLED = "model.pt"
"""A state_dict, of which nothing but tensors is unpickled."""
SAFE = "model.safetensors"


def read_state(folder: Path, device: str = "cpu") -> dict[str, Any]:
    """The state_dict in a folder: `model.safetensors`, or `model.pt`; ArtifactError where it is none."""
    path = folder / SAFE
    if path.is_file():
        return _safe(path, device)
    try:
        state: dict[str, Any] = torch.load(folder / PICKLED, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, EOFError) as error:
        raise ArtifactError(f"{folder / PICKLED} is no state_dict of tensors alone: {error}") from None
    return state


def _safe(path: Path, device: str) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise ArtifactError(f"{path.name} needs safetensors: run `pip install safetensors`") from None
    try:
        state: dict[str, Any] = load_file(path, device=device)
    except SafetensorError as error:
        raise ArtifactError(f"{path} is no safetensors file: {error}") from None
    return state
