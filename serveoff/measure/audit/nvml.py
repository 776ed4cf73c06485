"""The GPUs of this machine, as NVIDIA's management library (NVML) lists them, whichever of them a process may use."""

from typing import Any

Gpus = tuple[Any, tuple[Any, ...]]
"""The module `pynvml`, or what offers the same functions, and its handle of each GPU."""


def find_gpus() -> Gpus | None:
    """The library, initialised, and all GPUs; None without the package, without a driver, or without a GPU."""
    try:
        import pynvml as library  # of the package nvidia-ml-py
    except ImportError:
        return None
    try:
        library.nvmlInit()
        handles = tuple(map(library.nvmlDeviceGetHandleByIndex, range(library.nvmlDeviceGetCount())))
    except library.NVMLError:
        return None
    return (library, handles) if handles else None


def gpu_names() -> list[str]:
    """Of every GPU, `NVIDIA L4`; empty where there is none, or one cannot tell."""
    found = find_gpus()
    if found is None:
        return []
    library, handles = found
    try:
        return [str(library.nvmlDeviceGetName(handle)) for handle in handles]
    except library.NVMLError:
        return []
