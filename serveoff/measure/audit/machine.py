"""Where a run took place: machine, versions, commit. No host, user or path names are kept."""

import hashlib
import platform
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import psutil

from serveoff.measure.audit.cgroups import cpu_limit, memory_limit, own_groups
from serveoff.measure.audit.nvml import gpu_names
from serveoff.models.frameworks.versions import installed
from serveoff.record.environment import Environment, Machine
from serveoff.services.registry import REPOSITORY

PACKAGES = (
    "serveoff", "torch", "tensorflow", "keras", "tensorflow-serving-api", "torchserve", "flask", "gunicorn", "grpcio",
    "locust", "numpy", "onnxruntime", "orjson", "pysimdjson", "protobuf",
)  # fmt: skip
GIT_S = 10.0
"""A checkout on a slow disk, or with a hook that hangs, has no commit that we know of."""


def read_environment() -> Environment:
    """Describe this machine and this checkout; no commit where git does not say, in time, what has changed since."""
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return Environment(
        machine=read_machine(),
        versions={"python": platform.python_version(), **_versions()},
        git_commit=None if changes is None else commit,
        git_dirty=bool(commit and changes),
    )


def read_machine() -> Machine:
    """Processor, cores, memory, system and GPUs; the id is equal for machines that these cannot tell apart.

    In a container, a pod or a systemd unit there is less: what the control groups of this process may take.
    """
    cpu, cores, groups = _cpu_model(), psutil.cpu_count() or 1, own_groups()
    memory = min(psutil.virtual_memory().total, memory_limit(groups) or sys.maxsize)
    limit = min(cpu_limit(groups) or cores, cores)
    limited = limit if limit < cores else None
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    accelerators = gpu_names()
    # Memory differs by a few pages from boot to boot; whole GiB tell machines apart well enough.
    known = [cpu, str(cores), str(round(memory / 2**30)), system, *([f"{limit:g}"] if limited else []), *accelerators]
    return Machine(
        id=hashlib.sha256("|".join(known).encode()).hexdigest()[:10],
        cpu_model=cpu,
        cores=cores,
        cpu_limit=limited,
        memory_bytes=memory,
        system=system,
        accelerators=accelerators,
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = installed(package)
    return found


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(REPOSITORY), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
