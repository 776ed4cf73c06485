"""PyTorch, dynamic: the nn.Module and its state_dict, called eagerly, operation by operation.

Layout: `model.pt`, a state_dict that holds tensors only, so that loading it runs no code of the file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from torch import nn

from models import zoo
from models.formats import Batch, Loaded, Predict, one_row
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
    return replace(calling(module, spec, device), layers=layers_of(module, spec, device))


def layers_of(module: nn.Module, spec: ModelSpec, device: str) -> Mapping[str, Predict]:
    """Each layer's output, by forward hooks on a copy of the network, made when a layer is first asked for.

    The network that answers other requests is left as it is.
    """
    lock, written = Lock(), zoo.network(spec.name, "torch_module")

    @cache
    def noting() -> tuple[Predict, dict[str, torch.Tensor]]:
        copy, given = deepcopy(module), dict[str, torch.Tensor]()
        for name in zoo.layers(spec.name):
            getattr(copy, name).register_forward_hook(partial(_note, given, name))
        return calling(copy, spec, device).predict, given

    def output(name: str, batch: Batch) -> Batch:
        with lock:
            predict, given = noting()
            predict(batch)
            result: Batch = written.layer_output(name, given[name]).cpu().contiguous().numpy()
        return result

    return {name: partial(output, name) for name in zoo.layers(spec.name)}


def _note(given: dict[str, torch.Tensor], name: str, layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
    given[name] = output


def calling(module: nn.Module, spec: ModelSpec, device: str) -> Loaded:
    """Call a module with arrays, by its input's name. It computed where its answer is: PyTorch moves none unasked."""
    name = spec.inputs[0].name

    def predict(batch: Batch) -> Batch:
        with torch.inference_mode():
            result: Batch = module(**{name: torch.from_numpy(batch).to(device)}).cpu().numpy()
        return result

    with torch.inference_mode():
        answer: torch.Tensor = module(**{name: torch.from_numpy(one_row(spec)).to(device)})
    return Loaded(predict, str(answer.device), intra_op_threads=torch.get_num_threads())
