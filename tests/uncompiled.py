"""For what converts to torch_export where that is not what is tested: AOTInductor takes seconds each time."""

import os
import shutil

import pytest

NO_COMPILER = {"CXX": "/nonexistent"}
"""Variables of an environment in which no C++ compiler is found."""


def find_no_compiler(patch: pytest.MonkeyPatch) -> None:
    """The same in this process. PyTorch reads the variable once: what is compiled in it later needs the true one."""
    import torch._inductor.config  # noqa: F401

    for name, value in NO_COMPILER.items():
        patch.setenv(name, value)


def has_compiler() -> bool:
    """Whether this machine compiles exported programs."""
    return shutil.which(os.environ.get("CXX") or "g++") is not None
