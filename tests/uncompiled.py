"""For what converts to torch_export where that is not what is tested: AOTInductor takes seconds each time."""

import os
import shutil

NO_COMPILER = {"CXX": "/nonexistent"}
"""Variables of an environment in which no C++ compiler is found."""


def has_compiler() -> bool:
    """Whether this machine compiles exported programs."""
    return shutil.which(os.environ.get("CXX") or "g++") is not None
