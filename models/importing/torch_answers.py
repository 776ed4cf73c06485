"""What a PyTorch module gives, by names: the paths in its answer, or those that the user gives to their order."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from serveoff.models.frameworks.torch_calling import COARSE, array_of
from serveoff.models.importing.source import Found
from serveoff.models.jobs.child import Refused, note
from serveoff.models.tensors import Array, Batch, fields, flattened


def asked(module: Any, batch: Batch, wanted: Sequence[str], found: Found) -> tuple[dict[str, Array], Found]:
    """What a module answers, called by position, and what is known of it then; notes what comes in another dtype."""
    with torch.inference_mode():
        answer = module(*map(torch.from_numpy, batch.values()))
    tensors = named(answer, wanted)
    for name, tensor in tensors.items():
        if tensor.dtype in COARSE:
            note(f"its output {name} is {COARSE[tensor.dtype]}, and is served as float32")
    known = found
    if wanted and not set(wanted) & flattened(answer).keys():
        known = found.model_copy(update={"paths": dict(zip(wanted, flattened(answer), strict=True))})
    return {name: array_of(tensor) for name, tensor in tensors.items()}, coarser(known, tensors.values())


def coarser(found: Found, tensors: Iterable[torch.Tensor]) -> Found:
    """What is known of a module that computes with these tensors, too: their coarsest floats are its precision."""
    names = {found.precision, *(COARSE.get(tensor.dtype, "") for tensor in tensors)}
    coarsest = next((name for name in COARSE.values() if name in names), "")
    return found if coarsest == found.precision else found.model_copy(update={"precision": coarsest})


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
