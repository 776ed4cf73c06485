"""PyTorch, dynamic: the nn.Module and its weights, called eagerly, operation by operation.

Layout: `model.pt`, the state_dict of a module of the zoo, which holds tensors only, so that loading it runs no code of
the file's; or `module.json` or `model.onnx` (models/loading).
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from torch import nn

from serveoff.models import catalog, zoo
from serveoff.models.formats import Loaded, Predict, one_row
from serveoff.models.frameworks.torch_calling import PICKLED, answers_of, arguments, predicting, read_state
from serveoff.models.loading import model_onnx, module_json
from serveoff.models.quality.precision import BFLOAT16
from serveoff.models.quality.torch_bfloat16 import autocast_of
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, by_name
from serveoff.models.weights import Weights, to_torch

FRAMEWORK = "torch"
SERVED = ""


def export(spec: ModelSpec, weights: Weights, folder: Path) -> None:
    """Save the state_dict of the nn.Module."""
    torch.save(filled(spec, weights).state_dict(), folder / PICKLED)


def filled(spec: ModelSpec, weights: Weights) -> nn.Module:
    """The zoo's nn.Module with the given weights, by its own `state_of` where it has one, ready to predict."""
    written = zoo.network(spec.name, "torch_module")
    state: Mapping[str, Any] = getattr(written, "state_of", to_torch)(weights)
    module: nn.Module = written.build()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    return module.eval()


def load(folder: Path, spec: ModelSpec, *, threads: int = 1, device: str = "cpu", precision: str = "") -> Loaded:
    """Build the module, fill it, and call it."""
    if threads:
        torch.set_num_threads(threads)
    module, row = predicting(build(folder, spec, device)).to(device), one_row(spec, folder)
    if precision:
        return lower(module, spec, row)
    return replace(
        calling(module, spec, device, row),
        layers=layers_of(module, spec, device, row),
        no_layers=catalog.no_layers(spec.name),
    )


def build(folder: Path, spec: ModelSpec, device: str) -> nn.Module:
    """A user's module or ONNX graph where the folder has one, or else the zoo's class with the folder's weights."""
    if (folder / module_json.FILE).is_file():
        return module_json.build(folder, device)
    if (folder / model_onnx.FILE).is_file():
        return model_onnx.read(folder / model_onnx.FILE)
    module: nn.Module = zoo.network(spec.name, "torch_module").build()
    module.load_state_dict(read_state(folder, device))
    return module


def layers_of(module: nn.Module, spec: ModelSpec, device: str, row: Batch) -> Mapping[str, Predict]:
    """Each layer's output, by forward hooks on a copy of the network, made when a layer is first asked for.

    The network that answers other requests is left as it is.
    """
    lock, names = Lock(), catalog.layers(spec.name)

    @cache
    def noting() -> tuple[Predict, dict[str, torch.Tensor]]:
        copy, given = deepcopy(module), dict[str, torch.Tensor]()
        for name in names:
            copy.get_submodule(name).register_forward_hook(partial(_note, given, name))
        return calling(copy, spec, device, row).predict, given

    def output(name: str, batch: Batch) -> Batch:
        with lock:
            predict, given = noting()
            predict(batch)
            layer = zoo.network(spec.name, "torch_module").layer_output(name, given[name])
            return {name: layer.cpu().contiguous().numpy()}

    return {name: partial(output, name) for name in names}


def _note(given: dict[str, torch.Tensor], name: str, layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
    given[name] = output


def calling(module: Callable[..., Any], spec: ModelSpec, device: str, row: Batch) -> Loaded:
    """Call a module with arrays; `row` tries it out. It computed where its answers are: PyTorch moves none unasked."""

    def predict(batch: Batch) -> Batch:
        with torch.inference_mode():
            return answers_of(module(*arguments(batch, spec, device)), spec)

    with torch.inference_mode():
        answers = by_name(module(*arguments(row, spec, device)), spec.outputs)
    found = "+".join(sorted({str(answer.device) for answer in answers.values()}))
    return Loaded(predict, found, intra_op_threads=torch.get_num_threads())


def lower(module: Callable[..., Any], spec: ModelSpec, row: Batch) -> Loaded:
    """Call a module in bfloat16; ArtifactError where the CPU has none, or nothing of the module is computed in it."""
    no_layers = "layers are asked for in full precision"
    return replace(
        calling(autocast_of(module, arguments(row, spec)), spec, "cpu", row), precision=BFLOAT16, no_layers=no_layers
    )
