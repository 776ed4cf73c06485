"""What torch.export took from a module, and the library that AOTInductor makes of it for one kind of CPU."""

import hashlib
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch

from serveoff.models.frameworks.torch_calling import register_all

FILE: Final = "model.pt2"
COMPILED, INTERPRETED = "AOTInductor", "torch.export"
CPUINFO = Path("/proc/cpuinfo")


def read(folder: Path, device: str) -> tuple[Any, str]:
    """What is called, and what runs it: the library where there is one for this CPU, or else the graph as it is."""
    compiled = folder / compiled_file()
    if device == "cpu" and compiled.is_file():
        return _registered(partial(torch._inductor.aoti_load_package, str(compiled))), COMPILED
    program = load(folder / FILE)
    if device != "cpu":
        program = torch.export.passes.move_to_device_pass(program, device)
    return program.module(), INTERPRETED


def load(path: Path) -> Any:
    """The program in a file."""
    return _registered(partial(torch.export.load, path))


def _registered(read: Callable[[], Any]) -> Any:
    """What is read; where that fails, once more with the operators of PyTorch's other packages, if any is here."""
    try:
        return read()
    except Exception:  # PyTorch raises what comes where an operator is not known
        if not register_all():
            raise
        return read()


def compiled_file() -> str:
    """What the library for this machine's kind of CPU is called: by the instructions that it knows."""
    known = platform.machine()
    if CPUINFO.is_file():
        lines = CPUINFO.read_text().splitlines()
        known += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"compiled-{hashlib.sha256(' '.join(sorted(known.split())).encode()).hexdigest()[:8]}.pt2"
