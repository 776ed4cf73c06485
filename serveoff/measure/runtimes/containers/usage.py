"""CPU seconds, network bytes and throttling of a container, read at both ends of a window.

To ask the engine takes milliseconds; on the machine that runs the containers the kernel's own counters are read.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from serveoff.measure.audit.cgroups import MICRO, NANO, control_groups, counters, throttled_s
from serveoff.measure.audit.readings import Reading

Read = Callable[[], Reading]


def reader(container: Container, is_local: bool) -> Read:
    """How to read what a container has used so far: the kernel's counters on this machine, else the engine's word."""
    return (kernel_counters(container) if is_local else None) or (lambda: engine_stats(container))


def engine_stats(container: Container) -> Reading:
    """What the engine says now."""
    stats: Mapping[str, Any] = container.client.api.stats(container.id, stream=False, one_shot=True)
    networks = (stats.get("networks") or {}).values()
    return Reading(
        cpu_s=stats["cpu_stats"]["cpu_usage"]["total_usage"] * NANO,
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


def version_2(groups: Mapping[str, Path], network: Path) -> Reading:
    """Counters of cgroup v2 (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""
    group = groups[""]
    cpu = counters((group / "cpu.stat").read_text())
    received, sent = _network(network)
    return Reading(
        cpu_s=cpu["usage_usec"] * MICRO,
        network_in_bytes=received,
        network_out_bytes=sent,
        throttled_s=throttled_s(cpu),
    )


def version_1(groups: Mapping[str, Path], network: Path) -> Reading:
    """Counters of cgroup v1 (https://docs.kernel.org/admin-guide/cgroup-v1/)."""
    received, sent = _network(network)
    return Reading(
        cpu_s=int((groups["cpuacct"] / "cpuacct.usage").read_text()) * NANO,
        network_in_bytes=received,
        network_out_bytes=sent,
        throttled_s=throttled_s(counters((groups["cpu"] / "cpu.stat").read_text())),
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
