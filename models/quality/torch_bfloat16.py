"""PyTorch's modules in bfloat16, by autocast, on CPUs that compute in it."""

from collections.abc import Callable
from typing import Any

import torch

from serveoff.models.manifest import ArtifactError

UNITS = ("avx512_bf16", "amx_bf16")
"""What a CPU has that multiplies in bfloat16, by PyTorch's names; without it PyTorch emulates, and is slower."""


def autocast_of(module: Callable[..., Any], row: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
    """The module in bfloat16; ArtifactError where the CPU has none, or the row's answer is the same to the bit."""
    if not any(torch.cpu.get_capabilities().get(unit) for unit in UNITS):
        raise ArtifactError(f"this CPU has no bfloat16 ({' or '.join(UNITS)}), as PyTorch sees it")

    def cast(*tensors: torch.Tensor) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return module(*tensors)

    with torch.inference_mode():
        if _alike(module(*row), cast(*row)):
            raise ArtifactError("autocast computes nothing of this model in bfloat16: it answers the same to the bit")
    return cast


def _alike(full: Any, cast: Any) -> bool:
    leaves = [torch.utils._pytree.tree_leaves(given) for given in (full, cast)]
    return all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(*leaves, strict=True) if torch.is_tensor(a))
