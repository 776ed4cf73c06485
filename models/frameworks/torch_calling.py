"""Batches into and out of a PyTorch module, in the order of the model's spec; and its weights, without running code."""

import pickle
from pathlib import Path
from typing import Any

import torch

from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, as_specified, by_name

PICKLED = "model.pt"
"""A state_dict, of which nothing but tensors is unpickled."""


def arguments(batch: Batch, spec: ModelSpec, device: str = "cpu") -> tuple[torch.Tensor, ...]:
    """What a module is called with: a batch's tensors, one after another."""
    return tuple(torch.from_numpy(batch[tensor.name]).to(device) for tensor in spec.inputs)


def answers_of(given: Any, spec: ModelSpec) -> Batch:
    """What a module gave, as arrays: it gives a tensor, several in the spec's order, or a dict by their names."""
    tensors = by_name(given, spec.outputs)
    return as_specified({name: tensor.cpu().numpy() for name, tensor in tensors.items()}, spec.outputs)


def read_state(folder: Path, device: str = "cpu") -> dict[str, Any]:
    """The state_dict in a folder; ArtifactError where it is none."""
    try:
        state: dict[str, Any] = torch.load(folder / PICKLED, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, EOFError) as error:
        raise ArtifactError(f"{folder / PICKLED} is no state_dict of tensors alone: {error}") from None
    return state
