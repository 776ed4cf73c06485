"""A user's nn.Module: built by the user's factory, filled with the weights of a file that holds nothing but tensors."""

import inspect
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from serveoff.models.frameworks.torch_calling import PICKLED
from serveoff.models.importing import user_code
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.importing.torch_answers import asked
from serveoff.models.jobs.child import Refused
from serveoff.models.loading import module_json
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch


class Model:
    """An nn.Module, called by position."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._modules = user_code.modules_of(source.path, source.search)
        try:
            self._opened = user_code.OpenedFiles()
            with self._opened:
                self._module = module_json.made(source.path, self._modules)
        except ArtifactError as error:
            raise Refused(str(error)) from error
        if source.weights:
            _fill(self._module, _tensors(source.weights), source.weights)
        self._module.eval()
        self.found = Found(inputs=_ports(self._module))
        self.parameters = sum(weight.numel() for weight in self._module.parameters())

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the module with the inputs that are given, which come first."""
        return asked(self._module, self.found.inputs, batch, self._source.fetch)

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The weights, the factory's name and its code."""
        torch.save(self._module.state_dict(), folder / PICKLED)
        (folder / module_json.FILE).write_text(json.dumps({"factory": self._source.path}, indent=2) + "\n")
        user_code.copy(self._modules, self._opened.paths, folder / module_json.CODE)


def _tensors(file: str) -> dict[str, torch.Tensor]:
    if file.endswith(".safetensors"):
        from safetensors.torch import load_file

        loaded: Any = load_file(file)
    else:
        if others := torch.serialization.get_unsafe_globals_in_checkpoint(file):
            raise Refused(f"{Path(file).name} is not a state_dict: it also holds {', '.join(sorted(others)[:3])}")
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise Refused(f"{Path(file).name} is not a state_dict: it holds more than tensors by name")
    return state


def _fill(module: nn.Module, state: dict[str, torch.Tensor], file: str) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise Refused(f"the weights in {Path(file).name} are not those of the module: {error}") from error


def _ports(module: nn.Module) -> tuple[Port, ...]:
    ports = []
    for parameter in inspect.signature(module.forward).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise Refused(f"its input {parameter.name} is taken by keyword only: inputs are given in order")
        ports.append(Port(name=parameter.name, optional=parameter.default is not parameter.empty))
    return tuple(ports)
