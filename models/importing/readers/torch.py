"""A user's nn.Module: built by the user's factory, filled with the weights of a file that holds nothing but tensors."""

import inspect
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from serveoff.models.frameworks.torch_calling import PICKLED
from serveoff.models.importing import torch_refusals, torch_weights, user_code
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.importing.torch_answers import BY_BATCH, Asking, coarser
from serveoff.models.jobs.child import Refused
from serveoff.models.loading import module_json
from serveoff.models.loading.user_modules import UserModules
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch

MORE = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
PLAIN = ("bool", "int", "float", "str")
FOUND = "go to the folder that holds the package, or name it in PYTHONPATH; what it imports must be installed, too"
UNSEEN = "leave weights to --weights FILE: what only a library's compiled code opens is not copied with the code"
SCRIPT = "what its file does as a script, such as to read a command line, belongs below if __name__ == '__main__'"
ON_CPU = (
    "a factory runs without a GPU: build the module on the CPU, without .cuda() and with map_location='cpu'; it is "
    "served there, or on the device that is asked for"
)
ELSEWHERE = (
    "a factory runs in another folder than yours, and without a GPU: name files by __file__, and try it so in Python"
)
ONE = "a factory takes no arguments and gives one torch.nn.Module: def make(): return Net(...)"
FORWARD = "have the factory give a module that has one, which calls what is meant: what is served is its forward"
FAILURES = {TypeError: ONE, ImportError: FOUND, OSError: torch_refusals.BESIDE}
"""What to do where a factory raises one of these."""


class Model(Asking):
    """An nn.Module, called as its forward takes the inputs that are given."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._modules = user_code.modules_of(source.path, source.search)
        self._opened = user_code.OpenedFiles()
        with self._opened:
            self._module = _made(source.path, self._modules)
        _require_forward(self._module)
        _require_sizes(self._module)
        if source.weights:
            torch_weights.fill(self._module, source.weights)
        self._module.eval()
        self._signature = inspect.signature(self._module.forward)
        kinds = {parameter.kind for parameter in self._signature.parameters.values()}
        dynamic = any("quantized.dynamic" in type(module).__module__ for module in self._module.modules())
        one_row = BY_BATCH if dynamic else ""
        found = Found(inputs=_ports(self._signature), more=bool(kinds & MORE), one_row=one_row)
        self.found = coarser(found, (*self._module.parameters(), *self._module.buffers()))
        self.parameters = sum(weight.numel() for weight in self._module.parameters())

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the module."""
        module = module_json.called(self._module, self._passed(batch))
        with self._opened:
            return self.ask(module, batch)

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The weights, the factory's name, how it takes its inputs, and its code."""
        torch.save(self._module.state_dict(), folder / PICKLED)
        described = {"factory": self._source.path, "passed": self._passed(names.inputs.values())}
        (folder / module_json.FILE).write_text(json.dumps(described, indent=2) + "\n")
        user_code.copy(self._modules, self._opened.paths, folder / module_json.CODE)

    def _passed(self, given: Iterable[str]) -> list[tuple[str, str]]:
        """Of each input its name, if it goes by keyword, and its dtype, if it is cast: torch_calling.Called."""
        keywords, gap = dict[str, str](), False
        parameters, names = self._signature.parameters.values(), list(given)
        for parameter in parameters:
            if parameter.name in names:
                keywords[parameter.name] = parameter.name if gap or parameter.kind is parameter.KEYWORD_ONLY else ""
            elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                gap = True
        in_order = not gap and any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
        casts = self._source.casts
        return [(keywords.get(name, "" if in_order else name), casts.get(name, "")) for name in names]


def _made(factory: str, modules: UserModules) -> nn.Module:
    """What the user's code makes; Refused with what it raised."""
    try:
        return module_json.made(factory, modules)
    except ArtifactError as error:
        advice = FOUND if isinstance(error, module_json.FactoryMissing) else ONE
        if ".py:" in factory:
            advice = f"write it as Python imports it: {factory.replace('.py:', ':')}"
        raise Refused(str(error), advice=advice) from None
    except FileNotFoundError as error:
        if not error.filename:  # a library's compiled code says it in words alone
            raise Refused(f"the factory {factory} reads a file that is not there: {error}", advice=UNSEEN) from error
        text = f"the factory {factory} reads {error.filename}, which is not there"
        raise Refused(text, advice=torch_refusals.BESIDE) from error
    except SystemExit as error:
        raise Refused(f"the factory {factory} ends its process, with exit code {error.code}", advice=SCRIPT) from error
    except Exception as error:  # the user's code may raise anything
        said = f"{type(error).__name__}: {error}".replace(modules.prefix, "")
        advice = next((advice for kind, advice in FAILURES.items() if isinstance(error, kind)), _alone(factory))
        if not isinstance(error, ImportError) and (moves := torch_refusals.on_gpu(error)):
            said, advice = f"{moves} ({said})", ON_CPU
        raise Refused(f"the factory {factory} fails: {said}", advice=advice) from error


def _alone(factory: str) -> str:
    """How to see a factory fail as it does here."""
    module, _, name = factory.partition(":")
    code = f'import os; from {module} import {name}; os.chdir("/"); {name}()'
    return f"{ELSEWHERE}: CUDA_VISIBLE_DEVICES=-1 python -c '{code}'"


def _require_forward(module: nn.Module) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        raise Refused("what it gives is TorchScript already", advice="module.save('model.pt'), and import that")
    if isinstance(module, torch.fx.GraphModule) and hasattr(module, "validate_inputs"):  # as ExportedProgram.module has
        text = "what it gives is a program of torch.export already"
        raise Refused(text, advice="torch.export.save(program, 'model.pt2'), and import that")
    if getattr(module.forward, "__func__", None) is nn.Module.forward:
        raise Refused("its module has no forward", advice=FORWARD)


def _require_sizes(module: nn.Module) -> None:
    lazy = [name for name, weight in module.named_parameters() if isinstance(weight, nn.UninitializedParameter)]
    if lazy:
        raise Refused(
            f"its weight {lazy[0]} has no size yet: a lazy layer gets it when it is first called",
            advice="have the factory call the module once with a row, or name the sizes: Linear in place of LazyLinear",
        )


def _ports(signature: inspect.Signature) -> tuple[Port, ...]:
    parameters = [parameter for parameter in signature.parameters.values() if parameter.kind not in MORE]
    for parameter in parameters:
        kind = getattr(parameter.annotation, "__name__", parameter.annotation)  # text, where annotations are put off
        if kind in PLAIN and parameter.default is parameter.empty:
            raise Refused(
                f"its input {parameter.name} is a {kind}, and requests carry tensors by name",
                advice=f"give {parameter.name} a default, or have the factory make a module around it that sets it",
            )
    return tuple(Port(name=p.name, optional=p.default is not p.empty) for p in parameters)
