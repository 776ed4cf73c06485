"""One deployment as a container."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from serveoff.errors import ServerFailed
from serveoff.measure.audit.gpu_energy import Meter
from serveoff.measure.audit.procfs import pss_bytes
from serveoff.measure.audit.readings import Reading
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.containers.container_procfs import read_container
from serveoff.measure.runtimes.containers.engine import Engine, explain
from serveoff.measure.runtimes.containers.freezer import ControlGroup, control_group
from serveoff.measure.runtimes.containers.usage import Read, reader
from serveoff.record.problems import StartCode
from serveoff.record.resources import Container as ContainerFacts
from serveoff.services.registry import Deployment


@dataclass
class DockerServer:
    """One deployment as a container. A floor is attached to by `process`, for its stdin and stdout."""

    deployment: Deployment
    container: Container
    addresses: Mapping[str, str]
    spawned_at: float
    created: tuple[float | None, float | None]
    docker: Engine
    cpus: Sequence[int]
    log_file: Path
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = field(default_factory=time.time)
    """The same moment since the epoch, about."""
    meter: Meter | None = None

    @property
    def pid(self) -> int:
        """The container's first process, as this machine numbers it."""
        return int(self.container.attrs["State"]["Pid"])

    @property
    def log(self) -> Path:
        """Its output so far; the engine keeps it, and each look brings the file up to date."""
        with suppress(DockerException, OSError):
            self.log_file.write_bytes(self.container.logs(stdout=self.process is None))
        return self.log_file

    def inspect(self) -> ContainerFacts:
        """Look inside, while it runs."""
        try:
            return read_container(self.container, self.cpus)
        except (DockerException, KeyError, ValueError, IndexError) as error:
            text = f"{self.deployment.name}: cannot look into its container: {error}"
            raise ServerFailed(StartCode.NOT_INSPECTED, text) from None

    def kernel(self, name: str) -> str:
        """These files as its own processes see them; among them are those of the process that reads."""
        return self.output("sh", "-c", f"cat /proc/[0-9]*/{name}")

    def output(self, *command: str) -> str:
        """Run it in the container."""
        with suppress(DockerException):
            _, output = self.container.exec_run(list(command), stderr=False)
            return str(output.decode(errors="replace"))
        return ""

    def pids(self) -> frozenset[int]:
        """By the kernel's word on this machine, else by the engine's; none where it does not answer."""
        if self._group is not None:
            return self._group.pids()
        with suppress(DockerException):
            found = self.container.top(ps_args="-eo pid")
            return frozenset(int(columns[0]) for columns in found["Processes"] or ())
        return frozenset()

    def memory_bytes(self) -> int | None:
        """Of the processes in its control group; not known of another machine's, nor of another user's."""
        return pss_bytes(self._group.pids()) if self._group is not None else None

    def ended(self) -> str:
        """How it ended, in words; empty while it runs or is paused."""
        try:
            self.container.reload()
        except NotFound:
            return "its container was removed"
        except DockerException as error:
            return f"the engine does not answer: {explain(error)}"
        state = self.container.attrs["State"]
        if state["OOMKilled"] or self._was_out_of_memory():
            limit = self.container.attrs["HostConfig"]["Memory"] / 2**30
            return f"out of memory: killed at its limit of {limit:.3g} GiB; raise SERVER_MEMORY in .env"
        return "" if state["Running"] else _describe_exit(state["ExitCode"])

    def _was_out_of_memory(self) -> bool:
        """Whether the kernel killed any of its processes: a master goes on where its worker was killed."""
        filters = {"container": self.container.id, "event": "oom"}
        with suppress(DockerException):
            since, until = int(self.started_at_s), int(time.time())
            return any(True for _ in self.docker.client.events(since=since, until=until, filters=filters))
        return False

    def freeze(self) -> None:
        """It keeps its memory and uses no CPU: by the freezer of its control group, else by `docker pause`."""
        with suppress(APIError, OSError):
            (self._freezer.freeze if self._freezer else self.container.pause)()

    def thaw(self) -> None:
        """By the way that froze it."""
        with suppress(APIError, OSError):
            (self._freezer.thaw if self._freezer else self.container.unpause)()

    def use_cores(self, cores: Sequence[int]) -> None:
        """By the cores of its control group; an engine that refuses leaves it on those that it has."""
        if cores:
            with suppress(DockerException):
                self.container.update(cpuset_cpus=",".join(map(str, cores)))

    def stop(self) -> None:
        """Keep its log, and remove it; thawed, for the engine need not know that it is frozen."""
        self.thaw()
        _ = self.log
        with suppress(APIError):
            self.container.remove(force=True, v=True)
        if self.process is not None:
            processes.stop(self.process)

    def read(self) -> Reading:
        """What the container has used, and the GPUs' energy; nothing where that cannot be read."""
        energy_j = self.meter.read_j() if self.meter and self.docker.is_local else None
        with suppress(OSError, ValueError, KeyError, DockerException):
            return replace(self._read(), energy_j=energy_j)
        return Reading(energy_j=energy_j)

    @cached_property
    def _group(self) -> ControlGroup | None:
        with suppress(DockerException):
            self.container.reload()  # one that is attached to was not yet running when it was last asked for
        return control_group(self.container) if self.docker.is_local else None

    @property
    def _freezer(self) -> ControlGroup | None:
        return self._group if self._group and self._group.can_freeze else None

    @cached_property
    def _read(self) -> Read:
        return reader(self.container, self.docker.is_local)


def _describe_exit(code: int) -> str:
    """The engine adds 128 to the number of the signal that killed the first process."""
    return processes.describe_exit(128 - code if code > 128 else code)
