"""What an attached endpoint uses, where a process, a container or a Prometheus page is named beside its URL."""

import math
import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import psutil
from prometheus_client.parser import text_string_to_metric_families

from serveoff.errors import UsageError
from serveoff.measure.audit.process_tree import ProcessTree
from serveoff.measure.audit.procfs import pss_bytes
from serveoff.measure.audit.readings import Reading
from serveoff.record.attached import AttachedEndpoint
from serveoff.services.probes import page

PAGE_TIMEOUT_S: Final = 2.0
CPU: Final = "process_cpu_seconds_total"
MEMORY: Final = "process_resident_memory_bytes"


class Meter:
    """Reads what one endpoint has used; this one sees nothing from outside."""

    def pids(self) -> frozenset[int]:
        """Its processes on this machine, where they are known."""
        return frozenset()

    def read(self) -> Reading:
        """Totals so far."""
        return Reading()

    def memory_bytes(self) -> int | None:
        """Now; None where it is not known."""
        return None

    def ended(self) -> str:
        """How its process ended; empty where it runs, or nobody knows."""
        return ""


@dataclass(frozen=True)
class ProcessMeter(Meter):
    """Of a process of this machine and all below it."""

    pid: int

    @cached_property
    def tree(self) -> ProcessTree:
        """Its processes."""
        return ProcessTree(self.pid)

    def pids(self) -> frozenset[int]:
        """Those of its tree."""
        self.tree.refresh()
        return self.tree.pids()

    def read(self) -> Reading:
        """CPU seconds of its tree."""
        return self.tree.read()

    def memory_bytes(self) -> int | None:
        """Of its tree."""
        return pss_bytes(self.pids())

    def ended(self) -> str:
        """Whether it is gone."""
        return "" if psutil.pid_exists(self.pid) else f"process {self.pid} is gone"


@dataclass
class PageMeter(Meter):
    """Of the process that a Prometheus page is of, as client libraries tell it of themselves."""

    url: str
    _memory: int | None = field(default=None, init=False)

    def read(self) -> Reading:
        """CPU seconds by its own word."""
        found = self.values()
        memory = found.get(MEMORY)
        self._memory = None if memory is None else int(memory)
        return Reading(cpu_s=found.get(CPU))

    def memory_bytes(self) -> int | None:
        """Resident memory by its own word."""
        self.read()
        return self._memory

    def values(self) -> dict[str, float]:
        """The samples of the process itself; empty where there is no page, or none on it."""
        url = urlsplit(self.url)
        with suppress(ValueError):  # no port, or no such page
            text = page(f"{url.hostname}:{url.port or 80}", url.path or "/", PAGE_TIMEOUT_S)
            samples = [s for family in text_string_to_metric_families(text or "") for s in family.samples]
            return {s.name: s.value for s in samples if s.name in (CPU, MEMORY) and math.isfinite(s.value)}
        return {}


def meter_of(endpoint: AttachedEndpoint) -> Meter:
    """The meter that was named beside its URL; UsageError where there is no such thing."""
    if endpoint.pid is not None:
        return _of_process(endpoint.name, endpoint.pid)
    if endpoint.container:
        return _of_process(endpoint.name, _pid_of(endpoint))
    if not endpoint.metrics:
        return Meter()
    meter = PageMeter(endpoint.metrics)
    if CPU not in meter.values():
        raise UsageError(
            f"{endpoint.name}: {endpoint.metrics} tells no {CPU}", "name its Prometheus page, or leave it out"
        )
    return meter


def _of_process(name: str, pid: int) -> ProcessMeter:
    if not psutil.pid_exists(pid):
        raise UsageError(f"{name}: there is no process {pid} on this machine", "leave out what cannot be seen")
    return ProcessMeter(pid)


def _pid_of(endpoint: AttachedEndpoint) -> int:
    """The first process of a container, as this machine numbers it."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env()
        found: dict[str, Any] = client.containers.get(endpoint.container).attrs
    except DockerException as error:
        raise UsageError(f"{endpoint.name}: no container {endpoint.container}: {error}", "see: docker ps") from None
    pid = int(found["State"]["Pid"])
    if not pid or not os.path.exists(f"/proc/{pid}"):
        raise UsageError(f"{endpoint.name}: container {endpoint.container} is not of this machine", "leave it out")
    return pid
