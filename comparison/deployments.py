"""The registry: docker-compose.yml's `serving.*` labels, read as deployments and endpoints."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

COMPOSE_FILE = Path(__file__).resolve().parent.parent / "docker-compose.yml"
LABEL_PREFIX = "serving."
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")


class RegistryError(Exception):
    """The registry cannot be read, or a name is not in it; the message says which and what is."""


@dataclass(frozen=True)
class Deployment:
    """One format behind one server: a block of docker-compose.yml."""

    name: str
    server: str
    format: str
    model: str
    protocols: tuple[str, ...]
    launcher: str
    ports: Mapping[str, int] = field(default_factory=dict)
    """Port name (rest, grpc, management, metrics) to the port inside the container."""
    published: Mapping[str, int] = field(default_factory=dict)
    """Port name to the port on the host that docker-compose.yml publishes it on."""
    ready: str = ""
    ready_match: str = ""
    ready_per_worker: bool = False
    """True where `ready_match` must be found once for every worker."""
    grpc_api: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready_count(self) -> int:
        """How often `ready_match` must be found before the deployment is ready."""
        return int(self.environment.get("SERVING_WORKERS", "1")) if self.ready_per_worker else 1

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """One endpoint per protocol."""
        return tuple(Endpoint(self, protocol) for protocol in self.protocols)


@dataclass(frozen=True)
class Endpoint:
    """A deployment reached by one protocol: what a load test measures."""

    deployment: Deployment
    protocol: str

    @property
    def name(self) -> str:
        """`<deployment>-<protocol>`; a floor has no protocol and keeps its deployment's name."""
        return self.deployment.name if self.protocol == "call" else f"{self.deployment.name}-{self.protocol}"


def read_registry(compose_file: Path = COMPOSE_FILE, environ: Mapping[str, str] = os.environ) -> list[Deployment]:
    """Every deployment, in the file's order, with `${NAME:-default}` filled in from `environ`."""
    try:
        services: dict[str, Any] = yaml.safe_load(compose_file.read_text())["services"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise RegistryError(f"cannot read the registry {compose_file}: {error}") from error
    blocks = ((name, _interpolate(block, environ)) for name, block in services.items())
    return [_deployment(name, block) for name, block in blocks if "serving.server" in block.get("labels", {})]


def _deployment(name: str, block: Mapping[str, Any]) -> Deployment:
    labels = {key.removeprefix(LABEL_PREFIX): str(value) for key, value in block["labels"].items()}
    try:
        ports = {key.removeprefix("port."): int(value) for key, value in labels.items() if key.startswith("port.")}
        return Deployment(
            name=name,
            server=labels["server"],
            format=labels["format"],
            model=labels["model"],
            protocols=tuple(labels["protocols"].split(",")),
            launcher=labels["launcher"],
            ports=ports,
            published=_published(block.get("ports", []), ports),
            ready=labels.get("ready", ""),
            ready_match=labels.get("ready-match", ""),
            ready_per_worker=labels.get("ready-per-worker") == "true",
            grpc_api=labels.get("grpc-api", ""),
            environment={key: str(value) for key, value in block.get("environment", {}).items()},
        )
    except (KeyError, ValueError) as error:
        raise RegistryError(f"docker-compose.yml, service {name}: label missing or not usable: {error}") from error


def _published(mappings: list[str], ports: Mapping[str, int]) -> dict[str, int]:
    host_by_container = {int(m.split(":")[-1]): int(m.split(":")[-2]) for m in mappings}
    return {name: host_by_container[port] for name, port in ports.items() if port in host_by_container}


def _interpolate(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda m: environ.get(m["name"]) or m["default"] or "", value)
    if isinstance(value, dict):
        return {key: _interpolate(item, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [_interpolate(item, environ) for item in value]
    return value
