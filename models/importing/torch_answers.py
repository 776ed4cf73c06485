"""What a PyTorch module gives, by names: a dict's keys, a named tuple's fields, or those that the user gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from serveoff.models.importing.source import Port
from serveoff.models.jobs.child import Refused
from serveoff.models.tensors import Array, Batch


def asked(module: Any, ports: Sequence[Port], batch: Batch, wanted: Sequence[str]) -> dict[str, Array]:
    """What a module answers, called by position with the inputs that are given, which come first."""
    tensors = [torch.from_numpy(batch[port.name]) for port in ports if port.name in batch]
    with torch.inference_mode():
        answer = module(*tensors)
    return {name: tensor.cpu().numpy() for name, tensor in named(answer, wanted).items()}


def named(answer: Any, wanted: Sequence[str]) -> dict[str, torch.Tensor]:
    """The tensors of an answer; Refused where it is no tensor, tuple of tensors or dict of them."""
    if isinstance(answer, Mapping):
        return {str(name): _tensor(str(name), value) for name, value in answer.items()}
    values = list(answer) if isinstance(answer, tuple | list) else [answer]
    fallback = ["output"] if len(values) == 1 else [f"output_{index}" for index in range(len(values))]
    names = list(wanted) or list(getattr(answer, "_fields", fallback))
    if len(names) != len(values):
        raise Refused(f"it gives {len(values)} outputs, and --outputs names {len(names)}")
    return {name: _tensor(name, value) for name, value in zip(names, values, strict=True)}


def _tensor(name: str, value: Any) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise Refused(
            f"its output {name} is a {type(value).__name__}, not a tensor: a model gives tensors by name or in order"
        )
    return value
