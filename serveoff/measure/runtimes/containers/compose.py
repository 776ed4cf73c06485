"""Compose for one project of our own: its containers, networks and volumes come and go with it.

What a run that was killed could not remove is told by the label that names its runner.
"""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from serveoff.errors import EngineFailure
from serveoff.interrupts import shielded
from serveoff.measure.runtimes import processes
from serveoff.measure.watchdog import RUNNER, is_gone, runner_id, watched
from serveoff.services.registry import REPOSITORY

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
RUNNER_LABEL = "serveoff.runner"
INTERRUPT_GRACE_S = 15.0
REMOVAL_S = 5.0
REMOVAL_PAUSE_S = 0.1


class Replaced(list[str]):
    """A list that takes the place of the base file's, instead of being added to it: Compose's `!override`."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(Replaced, lambda dumper, items: dumper.represent_sequence("!override", list(items)))


@dataclass(frozen=True)
class Compose:
    """Files, project and variables of one project. Variables go over the environment's and `.env`'s."""

    client: docker.DockerClient
    project: str
    files: tuple[Path, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def output(self, *arguments: str) -> str:
        """Run a short command and return what it printed; EngineFailure with its last words where it fails.

        An interrupt waits for its end: the engine carries out what a client has asked for and no longer waits for, so
        that a network would be made after all of the project had been removed.
        """
        with shielded():
            result = subprocess.run(
                self.command(*arguments),
                capture_output=True,
                text=True,
                check=False,
                cwd=REPOSITORY,
                env=watched(self.environ()),
                start_new_session=True,  # Ctrl-C on a terminal would reach it, too
            )
        if result.returncode != 0:
            raise EngineFailure(f"`docker compose {arguments[0]}` failed: {_last_words(result.stderr)}")
        return result.stdout

    def show(self, *arguments: str) -> None:
        """Run a long command that makes nothing of the project on this terminal; EngineFailure where it fails.

        Ctrl-C interrupts it first.
        """
        self._show(self.command(*arguments), f"docker compose {arguments[0]}")

    def run(self, service: str) -> Container:
        """Make a container of this service and let it run to its end on this terminal; EngineFailure where it fails."""
        container = self.create(service)
        self._show(["docker", "start", "--attach", str(container.id)], service)
        return container

    def create(self, service: str) -> Container:
        """Make the container of one service, without starting it or what it depends on."""
        self.output("up", "--no-start", "--no-deps", "--no-build", "--pull", "never", service)
        return self.containers(service)[0]

    def containers(self, service: str) -> list[Container]:
        """Every container of one service, stopped ones too, oldest first."""
        labels = [f"{PROJECT_LABEL}={self.project}", f"{SERVICE_LABEL}={service}"]
        found = self.client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
        return sorted(found, key=lambda container: str(container.attrs["Created"]))

    def config(self) -> dict[str, Any]:
        """The merged services, as Compose understands them."""
        services: dict[str, Any] = yaml.safe_load(self.output("--profile", "*", "config", "--format", "json"))[
            "services"
        ]
        return services

    def remove(self) -> None:
        """Remove whatever carries this project's label, and nothing else.

        Again for a while where something is left: the engine refuses a network that a container is just leaving.
        """
        end = time.monotonic() + REMOVAL_S
        while self._remove_once() and time.monotonic() < end:
            time.sleep(REMOVAL_PAUSE_S)

    def _remove_once(self) -> bool:
        """Whether anything could not be removed."""
        label, client = {"label": f"{PROJECT_LABEL}={self.project}"}, self.client
        containers = client.containers.list(all=True, filters=label, ignore_removed=True)
        refused = [_is_refused(partial(c.remove, force=True, v=True)) for c in containers]
        refused += [_is_refused(network.remove) for network in client.networks.list(filters=label)]
        refused += [_is_refused(partial(v.remove, force=True)) for v in client.volumes.list(filters=label)]
        return any(refused)

    def _show(self, command: Sequence[str], name: str) -> None:
        code = processes.run_here(command, INTERRUPT_GRACE_S, REPOSITORY, self.environ())
        if code != 0:
            raise EngineFailure(f"`{name}` failed ({processes.describe_exit(code)})", "its output is above")

    def command(self, *arguments: str) -> list[str]:
        """The whole command line."""
        files = [option for path in self.files for option in ("-f", str(path))]
        directory = ("--project-directory", str(REPOSITORY))
        return ["docker", "compose", "--ansi", "never", "-p", self.project, *directory, *files, *arguments]

    def environ(self) -> dict[str, str]:
        """The environment that Compose runs in."""
        return {**os.environ, **self.variables}


def write_override(path: Path, services: Mapping[str, Any], volumes: Mapping[str, Any]) -> None:
    """Write a Compose file that goes over the others; the project's network is this process's own, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"services": dict(services), "volumes": dict(volumes), "networks": {"default": owned({})}}
    path.write_text(yaml.dump(document, Dumper=_Dumper, sort_keys=False))


def owned(block: Mapping[str, Any]) -> dict[str, Any]:
    """A service's, volume's or network's block of a Compose file with the label of this process."""
    return {**block, "labels": {**block.get("labels", {}), RUNNER_LABEL: runner_id()}}


def remove_orphans(client: docker.DockerClient) -> int:
    """Remove the projects whose runners are gone, each with all that it has; how many containers that were."""
    ours = {"label": RUNNER_LABEL}
    containers = [c.labels for c in client.containers.list(all=True, filters=ours, ignore_removed=True)]
    others = [*client.volumes.list(filters=ours), *client.networks.list(filters=ours)]
    found = [*containers, *(thing.attrs["Labels"] for thing in others)]
    for project in {labels[PROJECT_LABEL] for labels in found if _is_orphaned(labels)}:
        Compose(client, project, ()).remove()
    return sum(map(_is_orphaned, containers))


def _is_orphaned(labels: Mapping[str, str]) -> bool:
    runner = labels[RUNNER_LABEL]
    return PROJECT_LABEL in labels and RUNNER.fullmatch(runner) is not None and is_gone(runner)


def _is_refused(remove: Callable[[], object]) -> bool:
    try:
        remove()
    except NotFound:
        return False
    except APIError:
        return True
    return False


def _last_words(text: str) -> str:
    lines: Sequence[str] = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
