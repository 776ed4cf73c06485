"""PyTorch's exported program, `.pt2`: the graph that torch.export took from a module, which follows TorchScript.

Layout: `model.pt2`, and `compiled-<CPU>.pt2` where it was exported on a machine with a C++ compiler: a library that
AOTInductor made for that kind of CPU, which is run wherever the CPU is of that kind.
https://docs.pytorch.org/docs/stable/export.html
"""

from dataclasses import replace
from pathlib import Path

import torch

from serveoff.models.formats import Loaded, one_row
from serveoff.models.formats.torch_eager import calling, filled
from serveoff.models.frameworks import exported_program
from serveoff.models.spec import ModelSpec
from serveoff.models.weights import Weights

FRAMEWORK = "torch"
SERVED = ""
NO_LAYERS = "a static graph returns its final outputs only: an exported program gives what it was exported with"


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Export the nn.Module for any number of rows, and compile it where that can be done."""
    from serveoff.models.convert import torch_program  # who serves the program has no need of what made it

    torch_program.write(filled(spec, weights), spec, folder)


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """The compiled library where there is one for this CPU, or else the program's graph, operation by operation."""
    if threads:
        torch.set_num_threads(threads)
    module, executor = exported_program.read(folder, device)
    row = one_row(spec, folder)
    loaded = replace(calling(module, spec, device, row), no_layers=NO_LAYERS, executor=executor)
    if executor != exported_program.COMPILED:
        return loaded
    quickest = calling(lambda *rows: module.loader.boxed_run(list(rows)), spec, device, row).predict
    return replace(loaded, quickest=lambda: quickest)  # spares what a call of `module` reads of its inputs first
