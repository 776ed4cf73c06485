"""PyTorch's TorchScript: the nn.Module compiled to a graph, its weights frozen into it.

Layout: `model.pt`. Scripted rather than traced, so that nothing of an example input, such as its batch size,
is baked in. https://docs.pytorch.org/docs/stable/jit.html
"""

from dataclasses import replace
from pathlib import Path

import torch

from serveoff.models.formats import Loaded, one_row
from serveoff.models.formats.torch_eager import calling, filled, lower
from serveoff.models.frameworks.torch_calling import read_script
from serveoff.models.spec import ModelSpec
from serveoff.models.weights import Weights

FRAMEWORK = "torch"
SERVED = ""
FILE = "model.pt"
NO_LAYERS = (
    "a static graph returns its final outputs only: a frozen TorchScript module has no submodules left, and "
    "TorchScript takes no forward hooks"
)


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Script the nn.Module, freeze its weights into the graph, and save it."""
    scripted = torch.jit.script(filled(spec, weights))
    torch.jit.freeze(scripted).save(str(folder / FILE))


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu", precision: str = "") -> Loaded:
    """Load the compiled graph, without the Python class, and call it."""
    if threads:
        torch.set_num_threads(threads)
    module = read_script(folder / FILE, device)
    row = one_row(spec, folder)
    if precision:
        return lower(module, spec, row)
    loaded = calling(module, spec, device, row)
    quickest = calling(module.forward, spec, device, row).predict  # spares what a call of `module` does first
    return replace(loaded, quickest=lambda: quickest, no_layers=NO_LAYERS)
