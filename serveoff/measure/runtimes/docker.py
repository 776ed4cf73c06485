"""Deployments as containers of one Compose project, which belongs to the run and goes with it."""

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from docker.models.containers import Container

from serveoff.errors import EngineFailure, ServerFailed
from serveoff.measure.audit.gpu_energy import Meter, open_meter
from serveoff.measure.cold_start import bare
from serveoff.measure.leftovers import remove_leftovers
from serveoff.measure.plan.variants import UNVARIED, variations_of, vary
from serveoff.measure.runtimes import Client, Preparation, Server, processes
from serveoff.measure.runtimes.containers.client import ContainerClient
from serveoff.measure.runtimes.containers.compose import Compose, Replaced, owned, remove_orphans, write_override
from serveoff.measure.runtimes.containers.container_procfs import read_container
from serveoff.measure.runtimes.containers.engine import Engine, connect, explain
from serveoff.measure.runtimes.containers.server import DockerServer
from serveoff.measure.runtimes.containers.stack import (
    LOCUST,
    STAND_IN_NOTE,
    prepare_stack,
    share_artifacts,
    user_project,
)
from serveoff.measure.runtimes.host_client import HostClient
from serveoff.record.problems import StartCode
from serveoff.record.roles import STAND_IN_SERVER
from serveoff.record.settings import RunSettings
from serveoff.services.compose_variables import variables
from serveoff.services.registry import Deployment, compose_files, read_registry, service_block

IDLE = ("python", "-c", "import time\nwhile True: time.sleep(3600)")
"""What the load generator's container does until the generator is run in it."""
QUIET: Mapping[str, Any] = {"restart": "no", "healthcheck": {"disable": True}}
HINTS = {
    r"Requested CPUs are not available": "choose cores that this machine has: --server-cpus and --client-cpus",
    r"port is already allocated|address already in use": "stop what uses the port, or choose another in .env",
    r"could not select device driver": "install the NVIDIA Container Toolkit, or run without GPU=1",
    r"No such image|not found": "build the images: docker compose build",
    r"no space left on device": "free some space: docker system df shows what takes it",
}


@dataclass(frozen=True)
class DockerRuntime:
    """Starts deployments as containers of the run's own project."""

    docker: Engine
    compose: Compose
    settings: RunSettings
    folder: Path
    meter: Meter | None = None

    @property
    def engine(self) -> str:
        """The engine and Compose, with their versions."""
        return self.docker.description

    def resolve(self, deployment: Deployment) -> tuple[Deployment, str]:
        """The deployment itself: the Compose files say whether the embedded model server stands in."""
        return deployment, STAND_IN_NOTE if deployment.server == STAND_IN_SERVER else ""

    def start(self, deployment: Deployment) -> DockerServer:
        """Make the container and start it; it is not yet ready when this returns."""
        began = time.perf_counter()
        try:
            container = self.compose.create(deployment.service)
        except EngineFailure as error:
            raise _refused(deployment, str(error)) from None
        spawned_at = time.perf_counter()
        process = None if deployment.ports else self._attach(deployment, container)
        try:
            if process is None:
                container.start()
            started_at = time.perf_counter()
            container.reload()
        except DockerException as error:
            raise _refused(deployment, explain(error)) from None
        created = (spawned_at - began, None if process else started_at - spawned_at)
        server = DockerServer(
            deployment,
            container,
            self._addresses(deployment, container),
            spawned_at,
            created,
            self.docker,
            self.settings.server_cpus,
            self.folder / "logs" / f"{deployment.name}.log",
            process,
            meter=self.meter,
        )
        server.log_file.parent.mkdir(parents=True, exist_ok=True)
        return server

    def stop(self, servers: Sequence[Server]) -> None:
        """Remove all their containers side by side: an engine takes its time for each."""
        with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
            list(pool.map(lambda server: server.stop(), servers))

    def client(self) -> Client:
        """Locust in a container of the same network, or as a process of this machine."""
        if self.settings.load_from == "host":
            return HostClient(self.folder, tuple(self.settings.client_cpus))
        self.compose.output("up", "--detach", "--no-deps", "--no-build", "--pull", "never", LOCUST)
        (container,) = self.compose.containers(LOCUST)
        if problems := read_container(container, self.settings.client_cpus).problems:
            raise EngineFailure(f"the load generator's container {container.name}: {problems[0].text}")
        return ContainerClient(container)

    def close(self) -> None:
        """Remove the run's project: its containers, network and volume."""
        with suppress(DockerException):
            self.compose.remove()

    def _attach(self, deployment: Deployment, container: Container) -> subprocess.Popen[bytes]:
        command = ["docker", "start", "--attach", "--interactive", str(container.id)]
        log = self.folder / "logs" / f"{deployment.name}.log"
        return processes.spawn(command, os.environ, log, pipes=True)

    def _addresses(self, deployment: Deployment, container: Container) -> dict[str, str]:
        """The container's own address on this machine; elsewhere the ports that the engine chose to publish."""
        network = container.attrs["NetworkSettings"]
        if self.docker.is_local:
            ip = next((n["IPAddress"] for n in network["Networks"].values()), "")
            # An address that no one has: a container that ended at once has none, and says so by `ended`.
            return {name: f"{ip or '0.0.0.0'}:{port if ip else 1}" for name, port in deployment.ports.items()}
        published = {name: (network["Ports"].get(f"{port}/tcp") or [{}])[0] for name, port in deployment.ports.items()}
        return {name: f"127.0.0.1:{binding.get('HostPort', 1)}" for name, binding in published.items()}


def prepare(request: Preparation) -> None:
    """Reach the engine, build the images, export the model; EngineFailure says what is missing."""
    engine = connect()
    remove_leftovers(request.console, containers=remove_orphans(engine.client))
    prepare_stack(engine, request)


def open_runtime(settings: RunSettings, folder: Path) -> DockerRuntime:
    """A runtime whose Compose project is named after the run."""
    engine = connect()
    override = folder.resolve() / "logs" / "docker-compose.run.yml"
    registry = read_registry(environ={**variables(), "MODEL": settings.model})
    services = {name: owned(block) for name, block in run_services(registry, settings, engine).items()}
    write_override(override, services, {"results": owned({}), **share_artifacts()})
    files = (*compose_files(variables()), override)
    compose = Compose(engine.client, f"{user_project()}-{folder.resolve().name}".lower(), files, _variables(settings))
    meter = None if settings.device == "cpu" else open_meter()
    return DockerRuntime(engine, compose, settings, folder.resolve(), meter)


def run_services(registry: Sequence[Deployment], settings: RunSettings, engine: Engine) -> dict[str, Any]:
    """The services of the run's own Compose file: what it changes of the registry's, and those that it adds."""
    variants = vary(registry, variations_of(settings))
    added = [*variants, *_repeats([*registry, *variants], settings)]
    blocks = {**_variants(added, settings), **_services(registry, settings, engine)}
    for deployment in added:
        blocks[deployment.service] |= _quiet(deployment, engine)
    return blocks


def _variables(settings: RunSettings) -> dict[str, str]:
    """What docker-compose.yml takes the run's settings by."""
    cpus = {"SERVER_CPUS": settings.server_cpus, "CLIENT_CPUS": settings.client_cpus}
    return {**settings.of_servers, **{name: ",".join(map(str, cores)) for name, cores in cpus.items()}}


def _services(registry: Sequence[Deployment], settings: RunSettings, engine: Engine) -> dict[str, Any]:
    """What differs from a user's stack: nothing restarts, nothing is published, and Locust waits until it is run.

    Nor are there health checks: each is a process on the server's own core, in the midst of what is measured.
    """
    servers = {d.service: _quiet(d, engine) for d in registry}
    generator = {
        **QUIET,
        "command": list(IDLE),
        "ports": Replaced(),
        "environment": {"MODEL": settings.model},
    }
    return {**servers, LOCUST: generator}


def _repeats(registry: Sequence[Deployment], settings: RunSettings) -> list[Deployment]:
    """The services whose containers are made for a start without warm-up and removed after it."""
    if not settings.bare_starts:
        return []
    return [bare(d, 0) for d in registry if d.server not in UNVARIED and d.format != "null"]


def _quiet(deployment: Deployment, engine: Engine) -> dict[str, Any]:
    """No port is published where a container's own address can be reached; else any free one of the engine's choice."""
    ports = () if engine.is_local else (f"127.0.0.1::{port}" for port in deployment.ports.values())
    return {**QUIET, "ports": Replaced(ports)}


def _variants(variants: Sequence[Deployment], settings: RunSettings) -> dict[str, Any]:
    """A block for each variant: its base's, with the variables that it changes; the image is the base's own."""
    blocks = {}
    for variant in variants:
        values = {**variables(), **_variables(settings), **variant.changes}
        block = service_block(variant.base, values)
        dropped = ("build", "depends_on", "ports", "healthcheck", "restart")
        blocks[variant.service] = {key: value for key, value in block.items() if key not in dropped}
    return blocks


def _refused(deployment: Deployment, cause: str) -> ServerFailed:
    hint = next((hint for pattern, hint in HINTS.items() if re.search(pattern, cause)), "see: docker compose logs")
    return ServerFailed(StartCode.NOT_STARTED, f"{deployment.name} cannot be started: {cause}", hint)
