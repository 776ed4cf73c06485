"""Batches into and out of a PyTorch module, in the order of the model's spec; and its weights, without running code."""

import importlib
import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import WIDER, Array, Batch, as_specified, by_name

PICKLED = "model.pt"
"""A state_dict, of which nothing but tensors is unpickled."""


COARSE = {torch.bfloat16: "bfloat16", torch.float16: "float16"}
"""Floats that not every payload can carry, the coarsest first."""
SERVED_AS = {getattr(torch, dtype): getattr(torch, wider) for dtype, wider in WIDER.items()}
"""Dtypes that are not served, to those that take their place."""
PACKAGES = ("torchvision", "torchaudio")
"""Packages of PyTorch's makers whose import registers operators."""


class Called(nn.Module):  # type: ignore[misc]
    """A module whose inputs are given in the spec's order, and passed on as its forward takes them.

    `passed` says for each its name, where it is taken by keyword, and the dtype that it is cast to, where it is cast.
    """

    def __init__(self, inner: nn.Module, passed: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.inner, self.passed = inner, tuple(passed)

    def forward(self, *rows: torch.Tensor) -> Any:
        """What the module inside gives."""
        cast = [
            row.to(getattr(torch, dtype)) if dtype else row for row, (_, dtype) in zip(rows, self.passed, strict=True)
        ]
        named = {name: row for row, (name, _) in zip(cast, self.passed, strict=True) if name}
        return self.inner(*(row for row, (name, _) in zip(cast, self.passed, strict=True) if not name), **named)


def arguments(batch: Batch, spec: ModelSpec, device: str = "cpu") -> tuple[torch.Tensor, ...]:
    """What a module is called with: a batch's tensors, one after another."""
    return tuple(torch.from_numpy(batch[tensor.name]).to(device) for tensor in spec.inputs)


def answers_of(given: Any, spec: ModelSpec) -> Batch:
    """What a module gave, as arrays: a tensor, several in the spec's order, or a structure with their paths."""
    tensors = by_name(given, spec.outputs)
    return as_specified({name: array_of(tensor) for name, tensor in tensors.items()}, spec.outputs)


def array_of(tensor: torch.Tensor) -> Array:
    """A tensor as an array, of a dtype that is served."""
    dense = tensor if tensor.layout is torch.strided else tensor.to_dense()
    array: Array = served(dense).cpu().numpy()
    return array


def served(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of a dtype that is served."""
    return tensor.to(SERVED_AS[tensor.dtype]) if tensor.dtype in SERVED_AS else tensor


def predicting(module: Any) -> Any:
    """The same module, ready to predict; a user's own `train` may give back nothing."""
    module.eval()
    return module


def read_script(path: str | Path, device: str = "cpu") -> Any:
    """A TorchScript file's module, ready to predict; ArtifactError where nothing here has one of its operators."""
    try:
        module = torch.jit.load(str(path), map_location=device)
    except RuntimeError as error:
        found = re.search(r"Unknown builtin op: (\w+)::(\w+)", str(error))
        if found is None:
            raise
        register(*found.groups())
        module = torch.jit.load(str(path), map_location=device)
    return module.eval() if getattr(module, "training", False) else module


def script_around(inner: Any, rows: Iterable[str], *lines: str) -> Any:
    """A ScriptModule that takes tensors of these names, and does with its `self.inner` what the lines say."""
    outer = nn.Module()
    outer.inner = inner
    script: Any = torch.jit._recursive.create_script_module(outer, lambda _: [], share_types=False)
    script.define("\n    ".join([f"def forward(self, {', '.join(rows)}):", *lines]) + "\n")
    return script.eval()


def register(package: str, operator: str) -> None:
    """Import the package that has an operator; ArtifactError where that cannot be, or it has not."""
    called = f"it calls the operator {package}::{operator}"
    if package not in PACKAGES:
        raise ArtifactError(
            f"{called}, which no library here registers", "a model is served with PyTorch's own operators"
        )
    try:
        importlib.import_module(package)
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another PyTorch
        why = "is not installed" if isinstance(error, ModuleNotFoundError) else "goes with another PyTorch"
        raise ArtifactError(
            f"{called}, and {package} {why}",
            f"install the one for PyTorch {torch.__version__} (pip install {package}), in the images that serve the "
            "model, too",
        ) from None
    if not hasattr(getattr(torch.ops, package), operator):
        raise ArtifactError(f"{called}, which the {package} that is installed has not")


def read_state(folder: Path, device: str = "cpu") -> dict[str, Any]:
    """The state_dict in a folder; ArtifactError where it is none."""
    try:
        state: dict[str, Any] = torch.load(folder / PICKLED, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, EOFError) as error:
        raise ArtifactError(f"{folder / PICKLED} is no state_dict of tensors alone: {error}") from None
    return state
