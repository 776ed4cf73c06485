"""What a container's first process truly has: cores, limits, user and rights, read from inside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container as EngineContainer

from serveoff.analyse.resource_parity import RESOURCES
from serveoff.measure.audit.machine import PACKAGES
from serveoff.measure.runtimes.cpus import parse_cpus
from serveoff.record.resources import Container

STATUS, MOUNTS = "/proc/1/status", "/proc/1/mounts"
MEMORY_LIMIT = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
CPU_MAX = "/sys/fs/cgroup/cpu.max"
CPU_QUOTA, CPU_PERIOD = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"
VERSIONS = """
import importlib.metadata, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    for distribution in (name, name + "-cpu"):
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            pass
print(json.dumps(found))
"""
NO_LIMIT = 2**60
"""cgroup v1 says `no limit` by a number near 2**63."""


def read_container(container: EngineContainer, cpus: Sequence[int]) -> Container:
    """Look inside a running container, and list where it differs from what was asked for.

    `cpus` are the cores that the run gives to servers; the memory limit asked for is the engine's record of it.
    """
    status = dict(_pairs(_read(container, STATUS)))
    found = Container(
        image=str(container.attrs["Config"]["Image"]),
        image_digest=str(container.attrs["Image"]),
        image_bytes=_image_bytes(container),
        cpus=parse_cpus(status["Cpus_allowed_list"]),
        cpu_limit=_cpu_limit(container),
        memory_limit_bytes=_memory_limit(container),
        user_id=int(status["Uid"].split()[0]),
        capabilities=int(status["CapBnd"], 16),
        no_new_privileges=status.get("NoNewPrivs") == "1",
        read_only_root=_read_only_root(_read(container, MOUNTS)),
        versions=_versions(container),
    )
    return found.model_copy(update={"problems": _problems(found, cpus, container.attrs["HostConfig"])})


def _problems(found: Container, cpus: Sequence[int], asked: Mapping[str, Any]) -> list[str]:
    """Each difference between what a container has and what was asked for; `asked` is the engine's HostConfig."""
    wanted = {
        "cpus": sorted(cpus) or found.cpus,
        "cpu_limit": asked.get("NanoCpus", 0) / 1e9 or None,
        "memory_limit_bytes": asked.get("Memory") or None,
    }
    return [
        f"it has {in_words(getattr(found, name))}, {in_words(wanted[name])} was asked for"
        for name, in_words in RESOURCES.items()
        if getattr(found, name) != wanted[name]
    ]


def _memory_limit(container: EngineContainer) -> int | None:
    text = next((text for path in MEMORY_LIMIT if (text := _read(container, path).strip())), "max")
    return None if text == "max" or int(text) > NO_LIMIT else int(text)


def _cpu_limit(container: EngineContainer) -> float | None:
    limit = _read(container, CPU_MAX).split() or [_read(container, path).strip() for path in (CPU_QUOTA, CPU_PERIOD)]
    quota, period = limit[:2]
    return None if quota in ("max", "-1", "") else int(quota) / int(period)


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


def _read(container: EngineContainer, path: str) -> str:
    """A file's text as the container sees it; empty where it has no such file."""
    with suppress(APIError):
        code, output = container.exec_run(["cat", path])
        return output.decode(errors="replace") if code == 0 else ""
    return ""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(name, value.strip()) for name, _, value in (line.partition(":") for line in text.splitlines())]
