"""What torch.export took from a module, and the library that AOTInductor makes of it for one kind of CPU."""

import hashlib
import platform
import re
import zipfile
from pathlib import Path
from typing import Any, Final

import torch

from serveoff.models.frameworks.torch_calling import register

FILE: Final = "model.pt2"
COMPILED, INTERPRETED = "AOTInductor", "torch.export"
CPUINFO = Path("/proc/cpuinfo")
_OPERATOR: Final = re.compile(rb'"target": ?"torch\.ops\.(\w+)\.(\w+)')
OWN: Final = frozenset({"aten", "prims", "prim", "higher_order", "quantized", "quantized_decomposed", "inductor"})
"""Packages of operators of PyTorch itself: what it does not know of them is of another version."""


def read(folder: Path, device: str) -> tuple[Any, str]:
    """What is called, and what runs it: the library where there is one for this CPU, or else the graph as it is."""
    compiled = folder / compiled_file()
    if device == "cpu" and compiled.is_file():
        return torch._inductor.aoti_load_package(str(compiled)), COMPILED
    program = load(folder / FILE)
    if device != "cpu":
        program = torch.export.passes.move_to_device_pass(program, device)
    return program.module(), INTERPRETED


def load(path: Path) -> Any:
    """The program in a file; ArtifactError where nothing here has one of its operators."""
    try:
        return torch.export.load(path)
    except Exception:  # PyTorch raises what comes where an operator is not known
        if not (unknown := _unknown(path)):
            raise
    for package, operator in unknown:
        register(package, operator)
    return torch.export.load(path)


def _unknown(path: Path) -> list[tuple[str, str]]:
    """The operators that a file names and nothing registers, by their packages; none of a file that is no archive."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        graphs = [archive.read(name) for name in archive.namelist() if Path(name).suffix == ".json"]
    named = {tuple(map(bytes.decode, found)) for graph in graphs for found in _OPERATOR.findall(graph)}
    return sorted((p, o) for p, o in named if p not in OWN and not hasattr(getattr(torch.ops, p), o))


def compiled_file() -> str:
    """What the library for this machine's kind of CPU is called: by the instructions that it knows."""
    known = platform.machine()
    if CPUINFO.is_file():
        lines = CPUINFO.read_text().splitlines()
        known += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"compiled-{hashlib.sha256(' '.join(sorted(known.split())).encode()).hexdigest()[:8]}.pt2"
