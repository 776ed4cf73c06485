"""PyTorch's own reading of an exported program. It names its inputs, with their dtypes and shapes."""

import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

import torch
from torch._export.serde import serialize
from torch.export.graph_signature import ConstantArgument, InputKind, TensorArgument
from torch.export.pt2_archive import _package

from serveoff.models.convert import Unconvertible, torch_program
from serveoff.models.frameworks import exported_program
from serveoff.models.frameworks.torch_calling import SERVED_AS
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.importing.torch_answers import Asking, coarser
from serveoff.models.jobs.child import PICKLED, Refused, note
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, rows_of

FLAT: Final = "export a module whose forward takes each tensor by itself, and calls this one with what it takes"
AGAIN: Final = "export the module here, with this PyTorch: torch.export.save(torch.export.export(module, inputs), FILE)"
FREE: Final = "export it with Dim('batch') without min and max"
MOST: Final = sys.maxsize - 1
"""Rows, where a program has no bound."""
LEAST: Final = 2
"""Rows, as PyTorch says where one will do, too."""
HERE: Final = ("cpu", "meta")
"""Devices that every machine has."""


class Model(Asking):
    """A program, called as it was exported: with what it takes by position and what by keyword."""

    def __init__(self, source: Source) -> None:
        self._source = source
        with _tensors_alone(), _on_cpu():
            program = exported_program.load(Path(source.path))
        self._values = _values(program)
        # Its guards are code that PyTorch would run; what is kept of its inputs' shapes is checked without them.
        self._module = program.module(check_guards=False)
        self._rows = _freed_rows(self._module, program, self._values)
        self._positional, self._keywords = _places(program, len(self._values))
        tensors = {name: value for name, value in self._values.items() if isinstance(value, torch.Tensor)}
        self._dtypes = {name: value.dtype for name, value in tensors.items() if value.dtype in SERVED_AS}
        found = Found(inputs=tuple(_port(name, value) for name, value in tensors.items()))
        weights = [*program.parameters(), *program.buffers()]
        self.found = coarser(found, weights)
        self.parameters = sum(weight.numel() for weight in program.parameters())

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the module; Refused where it fails on another number of rows than it was exported for."""
        try:
            return self.ask(self._called(list(batch)), batch)
        except Exception as error:  # PyTorch's operators raise what they like
            if (count := rows_of(batch)) in self._rows:
                raise
            cause = error.__cause__ or error
            said = f"it was exported for {_called(self._rows)}, and fails on {count}: {type(cause).__name__}: {cause}"
            raise Refused(said, advice=FREE) from error

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The program exported again, so that nothing of the file is run where it is served."""
        try:
            torch_program.write_program(self._called(list(names.inputs.values())), spec, folder)
        except Unconvertible as error:
            raise Refused(str(error), error.operator, AGAIN) from None

    def _called(self, given: Sequence[str]) -> Callable[..., Any]:
        def call(*rows: torch.Tensor) -> Any:
            cast = {name: row.to(self._dtypes.get(name, row.dtype)) for name, row in zip(given, rows, strict=True)}
            values = [cast.get(name, value) for name, value in self._values.items()]
            by_name = dict(zip(self._keywords, values[self._positional :], strict=True))
            return self._module(*values[: self._positional], **by_name)

        return call


@contextmanager
def _tensors_alone() -> Iterator[None]:
    """PyTorch reads odd tensors, examples and objects of such a file by pickle: here tensors, and nothing else."""
    load = torch.load

    def tensors(*arguments: Any, **options: Any) -> Any:
        return load(*arguments, **{**options, "weights_only": True, "map_location": "cpu"})

    def refuse(*_: object, **__: object) -> NoReturn:
        raise Refused(PICKLED, advice=AGAIN)

    with _instead({(torch, "load"): tensors, (pickle, "loads"): refuse, (torch._C, "_pickle_load_obj"): refuse}):
        yield


@contextmanager
def _on_cpu() -> Iterator[None]:
    """PyTorch reads tensors, and what makes them, onto the device that a file names: here all onto the CPU."""

    def device(named: Any) -> torch.device:
        if named.type not in HERE:
            note(f"it was exported on another device, {named.type}: here it is exported again for the CPU")
        return torch.device(named.type if named.type in HERE else "cpu")

    with _instead({(serialize, "deserialize_device"): device, (_package, "deserialize_device"): device}):
        yield


@contextmanager
def _instead(instead: Mapping[tuple[Any, str], Callable[..., Any]]) -> Iterator[None]:
    """These functions in their places."""
    former = {place: getattr(*place) for place in instead}
    try:
        for (module, name), function in instead.items():
            setattr(module, name, function)
        yield
    finally:
        for (module, name), function in former.items():
            setattr(module, name, function)


def _values(program: Any) -> dict[str, Any]:
    """What the program takes, in order: of each tensor what PyTorch knows of it, and of the rest its value."""
    nodes = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    found = {}
    for spec in program.graph_signature.input_specs:
        if spec.kind is not InputKind.USER_INPUT:
            continue
        if isinstance(spec.arg, TensorArgument):
            found[spec.arg.name] = nodes[spec.arg.name]
        elif isinstance(spec.arg, ConstantArgument):
            found[spec.arg.name] = spec.arg.value
        else:
            kind = type(spec.arg).__name__.removesuffix("Argument")
            raise Refused(f"its input {spec.arg.name} is a {kind}, and requests carry tensors by name", advice=FLAT)
    return found


def _freed_rows(module: Any, program: Any, values: Mapping[str, Any]) -> range:
    """How many rows a program was exported for; the module no longer asks for that, and its answers decide."""
    axes = [value.shape[0] for value in values.values() if isinstance(value, torch.Tensor) and value.ndim]
    free = {axis.node.expr for axis in axes if isinstance(axis, torch.SymInt)}
    known = program.range_constraints
    module.range_constraints = {size: bounds for size, bounds in known.items() if size not in free}
    bounds = [known[size] for size in free if size in known]
    least = max((int(bound.lower) for bound in bounds), default=1)
    most = min((int(bound.upper) for bound in bounds if bound.upper.is_Integer), default=MOST)
    return range(least if least > LEAST else 1, most + 1)


def _called(rows: range) -> str:
    return f"{rows[0]} rows or more" if rows[-1] == MOST else f"{rows[0]} to {rows[-1]} rows"


def _places(program: Any, count: int) -> tuple[int, list[str]]:
    """How many it takes by position, and the names of those that it takes by keyword."""
    positional, keywords = program.call_spec.in_spec.children()
    leaves = [*positional.children(), *keywords.children()]
    if len(leaves) != count or not all(leaf.is_leaf() for leaf in leaves):
        raise Refused("its inputs lie in a structure, and requests carry tensors by name", advice=FLAT)
    return positional.num_children, [*(keywords.context or ())]


def _port(name: str, value: torch.Tensor) -> Port:
    """An input; of one row that it takes alone, the first axis is free: whoever serves it asks row by row."""
    sizes = [size if isinstance(size, int) else -1 for size in value.shape]
    if sizes and sizes[0] == 1:
        sizes[0] = -1
    dtype = SERVED_AS.get(value.dtype, value.dtype)
    return Port(name=name, dtype=str(dtype).removeprefix("torch."), shape=tuple(sizes))
