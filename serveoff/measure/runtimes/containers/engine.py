"""The Docker engine and Compose: reached, new enough, or a clear error."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, DockerException

from serveoff.errors import EngineFailure

API_MINIMUM = (1, 41)
COMPOSE_MINIMUM = (2, 24, 4)
"""The first Compose that knows `!override`, by which a run takes the ports away that a user's stack publishes."""
TIMEOUT_S = 120
START_IT = "start Docker, or compare without it: make compare"
INSTALL_COMPOSE = "install Docker Compose 2.24.4 or newer: https://docs.docker.com/compose/install/"


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers, and the Compose beside it."""

    client: docker.DockerClient
    description: str
    """`Docker 28.2.2, Compose 2.36.0, cgroup v2`."""
    is_local: bool
    """True where containers run on this machine, so that their own addresses can be reached from it."""


def connect() -> Engine:
    """The engine that the docker command would use; EngineFailure where none answers, or it is too old."""
    host = _host()
    try:
        client = docker.DockerClient(base_url=host, timeout=TIMEOUT_S) if host else docker.from_env(timeout=TIMEOUT_S)
        version = client.version()
        info = client.info()
    except DockerException as error:
        raise _unreachable(error) from None
    if _numbers(version["ApiVersion"]) < API_MINIMUM:
        raise EngineFailure(
            f"Docker {version['Version']} is too old: its API is {version['ApiVersion']}, 1.41 is needed",
            "update to Docker 20.10 or newer",
        )
    compose = _compose_version()
    description = f"Docker {version['Version']}, Compose {compose}, cgroup v{info.get('CgroupVersion', '1')}"
    return Engine(client, description, _is_local(client, version, info))


def explain(error: DockerException) -> str:
    """What the engine said, without the URL of the request."""
    return str(error.explanation or error) if isinstance(error, APIError) else str(error)


def _compose_version() -> str:
    try:
        result = subprocess.run(
            ["docker", "compose", "version", "--short"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise EngineFailure(f"the docker command cannot be run: {error.strerror}", INSTALL_COMPOSE) from None
    if result.returncode != 0:
        raise EngineFailure("`docker compose` is not installed", INSTALL_COMPOSE)
    found = result.stdout.strip().removeprefix("v")
    if _numbers(found) < COMPOSE_MINIMUM:
        raise EngineFailure(f"Compose {found} is too old", INSTALL_COMPOSE)
    return found


def _host() -> str:
    """Where the docker command's context has its engine; empty for the default place."""
    if os.environ.get("DOCKER_HOST"):
        return ""
    command = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def _is_local(client: docker.DockerClient, version: Mapping[str, object], info: Mapping[str, Any]) -> bool:
    """Whether a container's own address can be reached from here.

    Docker Desktop answers on a local socket too, but its containers are in a virtual machine; those of a rootless
    engine are in a network namespace of its own.
    """
    apart = info.get("OperatingSystem") == "Docker Desktop" or any(
        option.startswith("name=rootless") for option in info.get("SecurityOptions") or ()
    )
    return (
        not apart
        and os.uname().sysname == "Linux"
        and str(client.api.base_url).startswith("http+docker")
        and version.get("KernelVersion") == os.uname().release
    )


def _unreachable(error: DockerException) -> EngineFailure:
    cause = str(error)
    if "Permission denied" in cause or "PermissionError" in cause:
        return EngineFailure(
            "the Docker engine refuses this user (permission denied on its socket)",
            "join the docker group (sudo usermod -aG docker $USER, then log in again), or " + START_IT,
        )
    return EngineFailure(f"no Docker engine answers: {_shortened(cause)}", START_IT)


def _shortened(cause: str) -> str:
    innermost = re.findall(r"(?:Error\(\d+, '([^']+)'\)|Name or service not known|timed out)", cause)
    return innermost[-1] if innermost and innermost[-1] else cause.splitlines()[0][:200]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("-")[0]))
