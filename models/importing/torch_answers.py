"""What a PyTorch module gives, by names: the paths in its answer, or those that the user gives to their order."""

from collections.abc import Sequence
from typing import Any

import torch

from serveoff.models.importing.source import Port
from serveoff.models.jobs.child import Refused
from serveoff.models.tensors import Array, Batch, fields, flattened


def asked(module: Any, ports: Sequence[Port], batch: Batch, wanted: Sequence[str]) -> dict[str, Array]:
    """What a module answers, called by position with the inputs that are given, which come first."""
    tensors = [torch.from_numpy(batch[port.name]) for port in ports if port.name in batch]
    with torch.inference_mode():
        answer = module(*tensors)
    return {name: tensor.cpu().numpy() for name, tensor in named(answer, wanted).items()}


def named(answer: Any, wanted: Sequence[str]) -> dict[str, torch.Tensor]:
    """The tensors of an answer by name; Refused where it holds what is no tensor."""
    found = {path: _tensor(path, value) for path, value in flattened(answer).items()}
    if not wanted:
        return found
    if found.keys() >= set(wanted):
        return {name: tensor for name, tensor in found.items() if name in wanted}
    if fields(answer) is None and len(wanted) == len(found):
        return dict(zip(wanted, found.values(), strict=True))
    raise Refused(
        f"it gives {len(found)} outputs, {', '.join(found)}, and --outputs names {', '.join(wanted)}",
        advice="choose from these with --outputs, or leave the flag out for all",
    )


def _tensor(name: str, value: Any) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise Refused(
            f"its output {name} is a {type(value).__name__}, not a tensor: a model gives tensors by name or in order",
            advice="wrap the module in one whose forward gives its tensors alone",
        )
    return value
