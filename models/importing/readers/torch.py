"""A user's nn.Module: built by the user's factory, filled with the weights of a file that holds nothing but tensors."""

import inspect
import json
from pathlib import Path

import torch
from torch import nn

from serveoff.models.frameworks.torch_calling import PICKLED
from serveoff.models.importing import torch_weights, user_code
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
            torch_weights.fill(self._module, source.weights)
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


def _ports(module: nn.Module) -> tuple[Port, ...]:
    ports = []
    for parameter in inspect.signature(module.forward).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise Refused(f"its input {parameter.name} is taken by keyword only: inputs are given in order")
        ports.append(Port(name=parameter.name, optional=parameter.default is not parameter.empty))
    return tuple(ports)
