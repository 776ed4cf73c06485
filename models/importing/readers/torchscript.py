"""PyTorch's own reading of a TorchScript file. It names its inputs, but not their dtypes and shapes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serveoff.models.frameworks.torch_calling import read_script, script_around
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.importing.torch_answers import BY_BATCH, Asking, coarser
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

FILE = "model.pt"


class Model(Asking):
    """A ScriptModule, called by position with the inputs that are given."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._module = read_script(source.path)
        self._arguments = _arguments(self._module)
        ports = tuple(port for argument in self._arguments if (port := _port(argument)) is not None)
        dynamic = re.search(r"quantized::\w+_dynamic", str(self._module.inlined_graph))
        found = Found(inputs=ports, one_row=BY_BATCH if dynamic else "")
        self.found = coarser(found, (*self._module.parameters(), *self._module.buffers()))
        self.parameters = sum(weight.numel() for weight in self._module.parameters())

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the module."""
        return self.ask(self._called(batch), batch)

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The module, ready to predict: itself, or in one that passes the inputs on, where not each is given."""
        self._called(dict.fromkeys(names.inputs.values())).save(str(folder / FILE))

    def _called(self, given: Mapping[str, object]) -> Any:
        casts, rest = self._source.casts, self._arguments[len(given) :]
        first = [argument.name for argument in self._arguments[: len(given)]]
        if not casts and first == list(given) and all(argument.has_default_value() for argument in rest):
            return self._module
        places = {name: f"row_{place}" for place, name in enumerate(given)}
        passed, skipped = list[str](), False
        for argument in self._arguments:
            row = places.get(argument.name)
            if row is None and argument.has_default_value():
                skipped = True
                continue
            value = (
                "None" if row is None else f"{row}.to(torch.{casts[argument.name]})" if argument.name in casts else row
            )
            passed.append(f"{argument.name}={value}" if skipped else value)
        called = f"return self.inner({', '.join(passed)})"
        return script_around(self._module, places.values(), called)


def _arguments(module: Any) -> list[Any]:
    if not hasattr(module, "forward"):
        raise Refused("its module has no forward", advice="script a module that has one: what is served is its forward")
    arguments: list[Any] = module.forward.schema.arguments[1:]
    return arguments


def _port(argument: Any) -> Port | None:
    """An input; None for what is no tensor and has a default. Refused for what is none and must be given."""
    kind = argument.type.getElementType() if argument.type.kind() == "OptionalType" else argument.type
    optional = argument.has_default_value() or kind is not argument.type
    if kind.kind() == "TensorType":
        return Port(name=argument.name, optional=optional)
    if optional:
        return None
    called = argument.type.annotation_str
    advice = "script a module whose forward takes each tensor by itself, and calls this one with what it takes"
    if "Tensor" not in called:
        advice = f"give {argument.name} a default, or script a module around it that takes tensors alone and sets it"
    raise Refused(f"its input {argument.name} is a {called}, and requests carry tensors by name", advice=advice)
