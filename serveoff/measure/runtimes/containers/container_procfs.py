"""What a container's first process truly has: cores, limits, user and rights, read from inside it."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from inspect import getsource
from pathlib import Path
from typing import Any, Final

from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container as EngineContainer

from serveoff.measure.audit.cgroups import cpu_limit, memory_limit
from serveoff.measure.audit.machine import PACKAGES
from serveoff.measure.audit.procfs import status_fields
from serveoff.measure.runtimes.cpus import parse_cpus
from serveoff.models.frameworks import versions
from serveoff.record.problems import Problem, ResourceCode
from serveoff.record.resources import LIMITS_SAID, Container

CODES: Final = {
    "cpus": ResourceCode.CORES,
    "cpu_limit": ResourceCode.CPU_LIMIT,
    "memory_limit_bytes": ResourceCode.MEMORY_LIMIT,
}
"""The fields of a Container that are asked for."""
STATUS, MOUNTS, GROUPS = Path("/proc/1/status"), Path("/proc/1/mounts"), Path("/proc/1/cgroup")
VERSIONS: Final = f"""{getsource(versions)}
import json, platform, sys
found = {{"python": platform.python_version()}}
for name in sys.argv[1:]:
    with suppress(PackageNotFoundError):
        found[name] = installed(name)
print(json.dumps(found))
"""
"""What a Python in a container runs, which may know nothing of ours."""


def read_container(container: EngineContainer, cpus: Sequence[int]) -> Container:
    """Look inside a running container, and list where it differs from what was asked for.

    `cpus` are the cores that the run gives to servers; the memory limit asked for is the engine's record of it.
    """
    read = partial(_read, container)
    status, groups = status_fields(read(STATUS)), read(GROUPS)
    found = Container(
        image=str(container.attrs["Config"]["Image"]),
        image_digest=str(container.attrs["Image"]),
        image_bytes=_image_bytes(container),
        cpus=parse_cpus(status["Cpus_allowed_list"]),
        cpu_limit=cpu_limit(groups, read=read),
        memory_limit_bytes=memory_limit(groups, read=read),
        user_id=int(status["Uid"].split()[0]),
        capabilities=int(status["CapBnd"], 16),
        no_new_privileges=status.get("NoNewPrivs") == "1",
        read_only_root=_read_only_root(read(MOUNTS)),
        versions=_versions(container),
    )
    return found.model_copy(update={"problems": _problems(found, cpus, container.attrs["HostConfig"])})


def _problems(found: Container, cpus: Sequence[int], asked: Mapping[str, Any]) -> list[Problem]:
    """Each difference between what a container has and what was asked for; `asked` is the engine's HostConfig."""
    wanted = {
        "cpus": sorted(cpus) or found.cpus,
        "cpu_limit": asked.get("NanoCpus", 0) / 1e9 or None,
        "memory_limit_bytes": asked.get("Memory") or None,
    }
    return [
        Problem(code=CODES[name], text=f"it has {say(getattr(found, name))}; requested: {say(wanted[name])}")
        for name, say in LIMITS_SAID.items()
        if getattr(found, name) != wanted[name]
    ]


def _read_only_root(mounts: str) -> bool:
    options = next((line.split()[3] for line in mounts.splitlines() if line.split()[1] == "/"), "rw")
    return "ro" in options.split(",")


def _image_bytes(container: EngineContainer) -> int:
    with suppress(ImageNotFound):
        return int(container.image.attrs["Size"])
    return 0


def _versions(container: EngineContainer) -> dict[str, str]:
    with suppress(APIError, ValueError):
        code, output = container.exec_run(["python", "-c", VERSIONS, *PACKAGES])
        return dict(json.loads(output)) if code == 0 else {}
    return {}


def _read(container: EngineContainer, path: Path) -> str:
    """A file's text as the container sees it; empty where it has no such file."""
    with suppress(APIError):
        code, output = container.exec_run(["cat", str(path)])
        return output.decode(errors="replace") if code == 0 else ""
    return ""
