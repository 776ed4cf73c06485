"""PyTorch's own reading of a TorchScript file. It names its inputs, but not their dtypes and shapes."""

from pathlib import Path
from typing import Any

import torch

from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.importing.torch_answers import asked
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

FILE = "model.pt"


class Model:
    """A ScriptModule, called by position."""

    def __init__(self, source: Source) -> None:
        self._module: Any = torch.jit.load(source.path, map_location="cpu")
        if getattr(self._module, "training", False):
            self._module.eval()
        self._fetch = source.fetch
        arguments = self._module.forward.schema.arguments[1:]
        self.found = Found(inputs=tuple(map(_port, arguments)))
        self.parameters = sum(weight.numel() for weight in self._module.parameters())

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the module with the inputs that are given, which come first."""
        return asked(self._module, self.found.inputs, batch, self._fetch)

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The module itself, ready to predict."""
        self._module.save(str(folder / FILE))


def _port(argument: Any) -> Port:
    optional = argument.has_default_value()
    if argument.type.kind() != "TensorType" and not optional:
        raise Refused(f"its input {argument.name} is a {argument.type.annotation_str}: only tensors can be served")
    return Port(name=argument.name, optional=optional)
