"""Batches into and out of a PyTorch module: its tensors come in the order of the model's spec."""

from typing import Any

import torch

from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, as_specified, by_name


def arguments(batch: Batch, spec: ModelSpec, device: str = "cpu") -> tuple[torch.Tensor, ...]:
    """What a module is called with: a batch's tensors, one after another."""
    return tuple(torch.from_numpy(batch[tensor.name]).to(device) for tensor in spec.inputs)


def answers_of(given: Any, spec: ModelSpec) -> Batch:
    """What a module gave, as arrays: it gives a tensor, several in the spec's order, or a dict by their names."""
    tensors = by_name(given, spec.outputs)
    return as_specified({name: tensor.cpu().numpy() for name, tensor in tensors.items()}, spec.outputs)
