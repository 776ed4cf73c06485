"""PyTorch's exported programs, with a free first axis; compiled for this machine where it has a C++ compiler."""

import os
import shutil
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch._export.converter import TS2EPConverter

from serveoff.models.convert import Unconvertible
from serveoff.models.convert.torch_modules import examples, free_rows, positional, traced_as_is, unlike
from serveoff.models.convert.torch_reasons import exporting
from serveoff.models.frameworks.exported_program import FILE, compiled_file, load
from serveoff.models.spec import ModelSpec

EXPORTER = "torch.export"
COMPILED = {"cpp.dynamic_threads": True}
"""As many threads as the process has that runs it, not the one that compiled it."""
UNNEEDED = ("_guards_fn", torch.ops.aten._assert_scalar.default, torch.ops.aten._assert_tensor_metadata.default)
"""Checks of what the converted model is tried with anyway; torch.jit does not compile them."""


def write(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `torch_export`; Unconvertible where torch.export cannot take the module for any number of rows."""
    wrapped = positional(module, spec)
    _save(_exported(wrapped, spec), wrapped, spec, folder)


def write_script(module: Any, spec: ModelSpec, folder: Path) -> None:
    """The same of a compiled module, by PyTorch's converter, which leaves every axis free, and so has to be followed.

    The converter takes no dict. A trace around the module gives a tuple, and keeps the module's branches and loops.
    """
    wrapped = positional(module, spec)
    with exporting(EXPORTER, Exception):
        trace = traced_as_is(wrapped, spec)
        converter: Any = TS2EPConverter
        program = converter(torch.jit.freeze(trace.eval()), examples(spec)).convert()
    _save(_exported(_Called(program.module()), spec), wrapped, spec, folder)


def write_program(call: Callable[..., Any], spec: ModelSpec, folder: Path) -> None:
    """The same of a program that was exported before: `call` takes rows by position."""
    write(_Called(call), spec, folder)


def read(folder: Path) -> "_Called":
    """The program of a node `torch_export`, as a module that takes rows by position."""
    return _Called(load(folder / FILE).module())


def read_compilable(folder: Path) -> Any:
    """The same as operations that torch.jit compiles, each row's size among them, which a trace would fix."""
    module = load(folder / FILE).module().requires_grad_(False)
    module.graph.set_codegen(torch.fx.CodeGen())  # rows and outputs by position, as the node has them
    for node in list(module.graph.nodes):
        _make_compilable(node)
    return torch.fx.GraphModule(module, module.graph)


def _make_compilable(node: torch.fx.Node) -> None:
    if node.target in UNNEEDED and not node.users:
        node.graph.erase_node(node)
    elif node.target is torch.ops.aten.sym_size.int:
        node.op, node.target = "call_method", "size"
    elif isinstance(node.target, torch._ops.OpOverload):
        node.target = node.target.overloadpacket


class _Called(torch.nn.Module):  # type: ignore[misc]
    """A module around a program, which takes no `eval()`."""

    def __init__(self, program: Any) -> None:
        super().__init__()
        self.call: Callable[..., Any] = lambda *rows: program(*rows)

    def forward(self, *rows: torch.Tensor) -> Any:
        """As the program does."""
        return self.call(*rows)


def _save(program: Any, module: Any, spec: ModelSpec, folder: Path) -> None:
    if problem := unlike(program.module(), module, spec):
        raise Unconvertible(f"torch.export took the module, but {problem}")
    torch.export.save(program, folder / FILE)
    if shutil.which(os.environ.get("CXX") or "g++"):
        _compile(program, module, spec, folder / compiled_file())


def _exported(module: Any, spec: ModelSpec) -> Any:
    with exporting(EXPORTER, Exception):  # of dozens of types, by the part that stumbles
        return torch.export.export(module, examples(spec), dynamic_shapes=free_rows(spec))


def _compile(program: Any, module: Any, spec: ModelSpec, file: Path) -> None:
    """A library that AOTInductor makes; none where it cannot, or where that answers otherwise."""
    with warnings.catch_warnings(), torch.no_grad(), suppress(Exception):
        warnings.simplefilter("ignore")
        torch._inductor.aoti_compile_and_package(program, package_path=str(file), inductor_configs=COMPILED)
        if not unlike(torch._inductor.aoti_load_package(str(file)), module, spec):
            return
    file.unlink(missing_ok=True)
