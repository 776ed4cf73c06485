"""A module as TorchScript: compiled from its source where that can be, else traced, if that leaves the rows free."""

import warnings
from pathlib import Path
from typing import Any

import torch

from serveoff.models.convert import Unconvertible
from serveoff.models.convert.torch_modules import FILE, examples, positional, unlike
from serveoff.models.spec import ModelSpec

_UNSCRIPTABLE = (
    torch.jit.frontend.FrontendError, RuntimeError, TypeError, ValueError, AttributeError, KeyError, OSError
)  # fmt: skip
"""What torch.jit.script raises for Python that it cannot compile, by the part of it that stumbles."""


def write(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `torchscript`, its weights frozen into the graph."""
    script = scripted(module, spec) or traced(module, spec)
    torch.jit.freeze(script.eval()).save(str(folder / FILE))


def scripted(module: Any, spec: ModelSpec) -> Any:
    """The module compiled from its source, so that nothing of an example is baked in; None where that fails."""
    try:
        script = torch.jit.script(module.eval())
    except _UNSCRIPTABLE:
        return None
    return None if unlike(script, module, spec) else script


def traced(module: Any, spec: ModelSpec) -> Any:
    """The operations that an example ran through; Unconvertible where they hold for its values or rows only."""
    wrapped = positional(module, spec)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # what they warn of is tried below
        trace = torch.jit.trace(wrapped, examples(spec), check_trace=False, strict=False)
    problem = unlike(trace, wrapped, spec)
    if problem:
        raise Unconvertible(f"torch.jit cannot compile the module, and a trace does not hold: {problem}")
    return trace
