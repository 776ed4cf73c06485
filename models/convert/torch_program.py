"""PyTorch's exported programs, with a free first axis; compiled for this machine where it has a C++ compiler."""

import os
import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from serveoff.models.convert import Unconvertible
from serveoff.models.convert.onnx_models import BATCH
from serveoff.models.convert.torch_modules import examples, positional, unlike
from serveoff.models.convert.torch_reasons import unconvertible
from serveoff.models.frameworks.exported_program import FILE, compiled_file
from serveoff.models.spec import ModelSpec

COMPILED = {"cpp.dynamic_threads": True}
"""As many threads as the process has that runs it, not the one that compiled it."""


def write(module: Any, spec: ModelSpec, folder: Path) -> None:
    """Write the node `torch_export`; Unconvertible where torch.export cannot take the module for any number of rows."""
    wrapped = positional(module, spec)
    program = _exported(wrapped, spec)
    if problem := unlike(program.module(), wrapped, spec):
        raise Unconvertible(f"torch.export took the module, but {problem}")
    torch.export.save(program, folder / FILE)
    if shutil.which(os.environ.get("CXX") or "g++"):
        _compile(program, wrapped, spec, folder / compiled_file())


def _exported(module: Any, spec: ModelSpec) -> Any:
    rows = torch.export.Dim(BATCH)
    shapes = (tuple({0: rows} for _ in spec.inputs),)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            return torch.export.export(module, examples(spec), dynamic_shapes=shapes)
        except Exception as error:  # of dozens of types, by the part of PyTorch that stumbles
            raise unconvertible(error, "torch.export") from error


def _compile(program: Any, module: Any, spec: ModelSpec, file: Path) -> None:
    """A library that AOTInductor makes; none where it cannot, or where that answers otherwise."""
    with warnings.catch_warnings(), torch.no_grad(), suppress(Exception):
        warnings.simplefilter("ignore")
        torch._inductor.aoti_compile_and_package(program, package_path=str(file), inductor_configs=COMPILED)
        if not unlike(torch._inductor.aoti_load_package(str(file)), module, spec):
            return
    file.unlink(missing_ok=True)
