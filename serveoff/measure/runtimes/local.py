"""Deployments as processes of this machine, on free loopback ports and chosen cores."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from serveoff.measure.artifacts import provide
from serveoff.measure.audit.cgroups import read_file
from serveoff.measure.audit.gpu_energy import Meter, open_meter
from serveoff.measure.audit.process_tree import ProcessTree, process_tree
from serveoff.measure.audit.procfs import pss_bytes
from serveoff.measure.audit.readings import Reading
from serveoff.measure.leftovers import remove_leftovers, scratch, temporary_prefix
from serveoff.measure.runtimes import Preparation, Server, processes
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.measure.runtimes.host_client import HostClient
from serveoff.measure.runtimes.loopback_ports import LOOPBACK, free_port
from serveoff.models.isolation import isolated
from serveoff.models.spec import model_dir
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment
from serveoff.services.tfserving import server_id

OUTPUT_S = 30.0
STOP_ALL_GRACE_S = 3.0
"""Who pressed Ctrl-C waits for it: a fleet is gone in 5 s."""
STAND_IN_NOTE = "no tensorflow_model_server on PATH: the embedded model server stands in and is not ranked"


@dataclass(frozen=True)
class LocalServer:
    """One deployment as a process group."""

    deployment: Deployment
    process: subprocess.Popen[bytes]
    addresses: Mapping[str, str]
    log: Path
    spawned_at: float
    meter: Meter | None = None
    created: tuple[None, None] = (None, None)
    """A process is not made before it is started."""

    @cached_property
    def tree(self) -> ProcessTree:
        """Its processes."""
        return ProcessTree(self.pid)

    @property
    def pid(self) -> int:
        """The leader of the process group."""
        return self.process.pid

    def inspect(self) -> None:
        """It has no container to look into."""

    def kernel(self, name: str) -> str:
        """These files of every process of its tree."""
        files = (path for p in process_tree(self.pid) for path in Path(f"/proc/{p.pid}").glob(name))
        return "".join(map(read_file, files))

    def output(self, *command: str) -> str:
        """Run it on this machine."""
        with suppress(OSError, subprocess.TimeoutExpired):
            return subprocess.run(command, capture_output=True, text=True, timeout=OUTPUT_S, check=False).stdout
        return ""

    def pids(self) -> frozenset[int]:
        """Those of its tree."""
        self.tree.refresh()
        return self.tree.pids()

    def read(self) -> Reading:
        """CPU seconds of its process tree, and the GPUs' energy."""
        return replace(self.tree.read(), energy_j=self.meter.read_j() if self.meter else None)

    def memory_bytes(self) -> int | None:
        """Of its tree."""
        return pss_bytes(self.pids())

    def ended(self) -> str:
        """How the process ended, in words; empty while it runs."""
        code = self.process.poll()
        return "" if code is None else processes.describe_exit(code)

    def freeze(self) -> None:
        """Stop it where it stands; it keeps its memory."""
        processes.freeze(self.process)

    def thaw(self) -> None:
        """Let it go on."""
        processes.thaw(self.process)

    def use_cores(self, cores: Sequence[int]) -> None:
        """Every thread of its tree."""
        processes.move([process.pid for process in process_tree(self.pid)], cores)

    def stop(self) -> None:
        """End the whole process group; TorchServe needs seconds to remove what it keeps in a temporary folder."""
        processes.stop(self.process)


@dataclass(frozen=True)
class LocalRuntime:
    """Starts deployments as processes; `settings` are SERVING_* variables equal for all."""

    cpus: CpuPlan
    work_dir: Path
    settings: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    """Ports to use, by port name, instead of free ones."""
    host: str = LOOPBACK
    """The address that servers listen on."""
    engine: None = None
    meter: Meter | None = None
    """Of the GPUs' energy, where they are to be used."""

    def resolve(self, deployment: Deployment) -> tuple[Deployment, str]:
        """The deployment with the run's settings.

        TF Serving becomes the embedded model server, under its own name, where the real one is not installed.
        """
        own = {f"SERVING_{name}": value for name, value in deployment.changes.items()}
        equal = replace(deployment, environment={**deployment.environment, **self.settings, **own})
        if not deployment.server.startswith("tfserving"):
            return equal, ""
        name = deployment.service.replace("tfserving", server_id(), 1)
        return replace(equal, name=name, server=server_id()), STAND_IN_NOTE if name != deployment.service else ""

    def start(self, deployment: Deployment) -> LocalServer:
        """Spawn the deployment; it is not yet ready when this returns."""
        ports = self._ports(deployment)
        work_dir = scratch(self.work_dir) / deployment.name
        work_dir.mkdir(parents=True, exist_ok=True)
        log = self.work_dir / f"{deployment.name}.log"
        floor = not ports
        spawned_at = time.perf_counter()
        process = processes.spawn(
            isolated(deployment.launcher),
            environ={**os.environ, **self._environment(deployment, ports, work_dir)},
            log=log,
            cpus=self.cpus.server,
            pipes=floor,
        )
        addresses = {name: f"{self.host}:{port}" for name, port in ports.items()}
        return LocalServer(deployment, process, addresses, log, spawned_at, self.meter)

    def _ports(self, deployment: Deployment) -> dict[str, int]:
        """By name, all of them different."""
        ports: dict[str, int] = {}
        for name in deployment.ports:
            ports[name] = self.ports.get(name) or free_port(self.host, {*self.ports.values(), *ports.values()})
        return ports

    def stop(self, servers: Sequence[Server]) -> None:
        """End all these process groups within `STOP_ALL_GRACE_S` seconds and a little."""
        leaders = [server.process for server in servers if isinstance(server, LocalServer)]
        processes.stop_all(leaders, STOP_ALL_GRACE_S)

    def client(self) -> HostClient:
        """Locust as a process beside the servers, on its own cores."""
        return HostClient(self.work_dir.parent, self.cpus.client)

    def close(self) -> None:
        """Remove what the servers needed while they ran."""
        for folder in (scratch(self.work_dir), self._temporary):
            shutil.rmtree(folder, ignore_errors=True)

    @cached_property
    def _temporary(self) -> Path:
        """What frameworks leave in their temporary folder ends with us, too."""
        return Path(tempfile.mkdtemp(prefix=temporary_prefix()))

    def _environment(self, deployment: Deployment, ports: Mapping[str, int], work_dir: Path) -> dict[str, str]:
        return {
            **deployment.environment,
            "TMPDIR": str(self._temporary),
            "SERVING_HOST": self.host,
            "SERVING_MODEL_DIR": str(model_dir(deployment.model).resolve()),
            "SERVING_WORK_DIR": str(work_dir.resolve()),
            **{f"SERVING_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }


def prepare(request: Preparation) -> None:
    """Train and export; at once when nothing changed. An imported model is only verified."""
    remove_leftovers(request.console)
    provide(request.model)


def open_runtime(settings: RunSettings, folder: Path) -> LocalRuntime:
    """A local runtime that keeps logs and scratch files in `logs/` of the run's folder."""
    cpus = CpuPlan(tuple(settings.server_cpus), tuple(settings.client_cpus))
    equal = {f"SERVING_{name}": value for name, value in settings.of_servers.items()}
    meter = None if settings.device == "cpu" else open_meter()
    return LocalRuntime(cpus, folder / "logs", equal, host=settings.server_host, meter=meter)
