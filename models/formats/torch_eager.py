"""PyTorch, dynamic: the nn.Module and its state_dict, called eagerly, operation by operation.

Layout: `model.pt`, a state_dict that holds tensors only, so that loading it runs no code of the file's.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from models import zoo
from models.formats import Batch, Loaded, one_row
from models.spec import ModelSpec
from models.weights import Weights, to_torch

FRAMEWORK = "torch"
SERVED = ""
FILE = "model.pt"


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Save the state_dict of the nn.Module."""
    torch.save(filled(spec, weights).state_dict(), folder / FILE)


def filled(spec: ModelSpec, weights: Weights) -> nn.Module:
    """The nn.Module with the given weights, ready to predict."""
    module: nn.Module = zoo.network(spec.name, "torch_module").build()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in to_torch(weights).items()})
    return module.eval()


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu") -> Loaded:
    """Build the class, fill it, and call it."""
    if threads:
        torch.set_num_threads(threads)
    module: nn.Module = zoo.network(spec.name, "torch_module").build().eval()
    module.load_state_dict(torch.load(folder / FILE, map_location=device, weights_only=True))
    module.to(device)
    return calling(module, spec, device)


def calling(module: nn.Module, spec: ModelSpec, device: str) -> Loaded:
    """Call a module with arrays, by its input's name. It computed where its answer is: PyTorch moves none unasked."""
    name = spec.inputs[0].name

    def predict(batch: Batch) -> Batch:
        with torch.inference_mode():
            result: Batch = module(**{name: torch.from_numpy(batch).to(device)}).cpu().numpy()
        return result

    with torch.inference_mode():
        answer: torch.Tensor = module(**{name: torch.from_numpy(one_row(spec)).to(device)})
    return Loaded(predict, str(answer.device))
