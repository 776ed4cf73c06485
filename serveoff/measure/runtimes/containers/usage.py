"""CPU seconds, memory, network bytes and throttling of a container, sampled while a load test runs.

The engine tells of them once a second, which is coarse for a window of a second or two. On the machine that runs the
containers the kernel's own counters, which the engine reads too, are read ten times a second instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from docker.models.containers import Container

from serveoff.measure.audit import process_tree
from serveoff.measure.audit.cgroups import control_groups
from serveoff.measure.audit.gpu_energy import Meter
from serveoff.record.usage import Usage

NANO, MICRO = 1e-9, 1e-6


@dataclass(frozen=True)
class Sample:
    """Totals since the container began; seconds and bytes."""

    time_s: float
    cpu_s: float
    memory_bytes: int
    network_in_bytes: int
    network_out_bytes: int
    throttled_s: float


Read = Callable[[], Sample]


def sampling(container: Container, is_local: bool, meter: Meter | None = None) -> AbstractContextManager[Usage]:
    """Sample a container for as long as the body runs; where it ends meanwhile, its samples do, too.

    A meter is of the GPUs of this machine, so it tells nothing of a container that runs elsewhere.
    """
    read = (kernel_counters(container) if is_local else None) or (lambda: engine_stats(container))

    def take(usage: Usage) -> None:
        with suppress(OSError, ValueError, KeyError, DockerException):
            _append(usage, read())

    return process_tree.sampling(take, meter if is_local else None)


def _append(usage: Usage, sample: Sample) -> None:
    if usage.times_s and sample.time_s <= usage.times_s[-1]:
        return
    usage.times_s.append(sample.time_s)
    usage.cpu_s.append(sample.cpu_s)
    usage.memory_bytes.append(sample.memory_bytes)
    usage.network_in_bytes.append(sample.network_in_bytes)
    usage.network_out_bytes.append(sample.network_out_bytes)
    usage.throttled_s.append(sample.throttled_s)


def engine_stats(container: Container) -> Sample:
    """The engine's newest statistics; it makes them once a second, at the time it says."""
    stats: Mapping[str, Any] = container.client.api.stats(container.id, stream=False, one_shot=True)
    networks = (stats.get("networks") or {}).values()
    return Sample(
        time_s=_epoch_s(stats["read"]),
        cpu_s=stats["cpu_stats"]["cpu_usage"]["total_usage"] * NANO,
        memory_bytes=_working_set(stats["memory_stats"]),
        network_in_bytes=sum(network["rx_bytes"] for network in networks),
        network_out_bytes=sum(network["tx_bytes"] for network in networks),
        throttled_s=stats["cpu_stats"]["throttling_data"]["throttled_time"] * NANO,
    )


def kernel_counters(container: Container) -> Read | None:
    """A reader of the container's control groups on this machine; None where they cannot be read."""
    pid = int(container.attrs["State"]["Pid"])
    with suppress(OSError, KeyError, ValueError):
        groups = control_groups(Path(f"/proc/{pid}/cgroup").read_text())
        network = Path(f"/proc/{pid}/net/dev")
        version = version_1 if "cpuacct" in groups else version_2
        version(groups, network)
        return lambda: version(groups, network)
    return None


def version_2(groups: Mapping[str, Path], network: Path) -> Sample:
    """Counters of cgroup v2 (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""
    group = groups[""]
    cpu, memory = _table(group / "cpu.stat"), _table(group / "memory.stat")
    received, sent = _network(network)
    return Sample(
        time_s=time.time(),
        cpu_s=cpu["usage_usec"] * MICRO,
        memory_bytes=_number(group / "memory.current") - memory["inactive_file"],
        network_in_bytes=received,
        network_out_bytes=sent,
        throttled_s=cpu.get("throttled_usec", 0) * MICRO,
    )


def version_1(groups: Mapping[str, Path], network: Path) -> Sample:
    """Counters of cgroup v1 (https://docs.kernel.org/admin-guide/cgroup-v1/)."""
    memory = groups["memory"]
    received, sent = _network(network)
    return Sample(
        time_s=time.time(),
        cpu_s=_number(groups["cpuacct"] / "cpuacct.usage") * NANO,
        memory_bytes=_number(memory / "memory.usage_in_bytes") - _table(memory / "memory.stat")["total_inactive_file"],
        network_in_bytes=received,
        network_out_bytes=sent,
        throttled_s=_table(groups["cpu"] / "cpu.stat").get("throttled_time", 0) * NANO,
    )


def _network(path: Path) -> tuple[int, int]:
    """Bytes received and sent over every interface of a process's network but its loopback."""
    received = sent = 0
    for line in path.read_text().splitlines()[2:]:
        name, _, numbers = line.partition(":")
        if name.strip() != "lo":
            fields = numbers.split()
            received, sent = received + int(fields[0]), sent + int(fields[8])
    return received, sent


def _number(path: Path) -> int:
    return int(path.read_text())


def _table(path: Path) -> dict[str, int]:
    return {name: int(value) for name, _, value in (line.partition(" ") for line in path.read_text().splitlines())}


def _working_set(memory: Mapping[str, Any]) -> int:
    """Memory without the file cache that the kernel can drop at once, as `docker stats` has it."""
    details = memory.get("stats") or {}
    return int(memory.get("usage", 0)) - int(details.get("total_inactive_file", details.get("inactive_file", 0)))


def _epoch_s(text: str) -> float:
    """`2026-11-24T03:28:31.477104862Z`: nanoseconds are more than datetime reads."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")
