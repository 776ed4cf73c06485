"""A module's weights from a file, without running code of the file's."""

import pickle
from pathlib import Path
from typing import Any

import torch

from serveoff.models.manifest import ArtifactError

PICKLED = "model.pt"
"""A state_dict, of which nothing but tensors is unpickled."""


def read_state(folder: Path, device: str = "cpu") -> dict[str, Any]:
    """The state_dict in a folder; ArtifactError where it is none."""
    try:
        state: dict[str, Any] = torch.load(folder / PICKLED, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, EOFError) as error:
        raise ArtifactError(f"{folder / PICKLED} is no state_dict of tensors alone: {error}") from None
    return state
