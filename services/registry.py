"""The registry: docker-compose.yml's `serving.*` labels, read as deployments and endpoints.

As Compose does, it reads every file that COMPOSE_FILE names, later ones over earlier ones, and fills in
`${NAME:-default}` from the environment over `.env`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from serveoff.services.compose_variables import interpolate, variables

REPOSITORY = Path(__file__).resolve().parent.parent
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
LABEL_PREFIX = "serving."
PREDICT_PATH = "/v1/models/{model}:predict"
"""TensorFlow Serving's, which TorchServe and our Flask services answer, too."""
_TEXTS = ("ready", "ready_match", "grpc_api", "device", "device_match", "device_log", "counters")
"""Fields that are their label's own text, or empty."""
_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Eight times as fast, where PyYAML was built with libyaml."""


class RegistryError(Exception):
    """The registry cannot be read, or a name is not in it; the message says which and what is."""


@dataclass(frozen=True)
class Deployment:
    """One format behind one server: a block of docker-compose.yml.

    `name` is what reports call it; `service` is the block's own name, which differs for a stand-in.
    """

    name: str
    server: str
    format: str
    model: str
    protocols: tuple[str, ...]
    launcher: str
    path: str
    """What REST requests are sent to, as `/v1/models/digits_cnn:predict`."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Port name (rest, grpc, management, metrics) to the port inside the container."""
    published: Mapping[str, int] = field(default_factory=dict)
    """Port name to the port on the host that docker-compose.yml publishes it on."""
    ready: str = ""
    ready_match: str = ""
    ready_per_worker: bool = False
    """True where `ready_match` must be found once for every worker."""
    grpc_api: str = ""
    payloads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Protocol to the encodings that it takes besides the protocol's own: modules of serveoff.loadtests.payloads."""
    extra: bool = False
    """True where it is measured and started only if it is asked for."""
    attached: bool = False
    """True where it already runs somewhere: nobody starts or stops it, and it has the name that its user gave it."""
    batches: bool = True
    """False where it cannot put requests together, whatever SERVING_BATCH_SIZE says."""
    device: str = ""
    """<port name>/<path> that tells where the model computes: group 1 of `device_match` in its answer."""
    device_match: str = ""
    device_log: str = ""
    """Or group 1 of this, in the server's log."""
    settings: tuple[str, ...] = ()
    """Where the server tells how it is set: <port name>/<path>, or `log`."""
    settings_match: Mapping[str, str] = field(default_factory=dict)
    """Setting to the pattern that finds it there: serveoff.measure.audit.reported_settings."""
    counters: str = ""
    """<port name>/<path> of the Prometheus page on which it says where its time went; empty: nowhere, or in answers."""
    environment: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    variant: str = ""
    """The setting in which it differs from `base`: `workers=2`; empty for a deployment of the registry."""
    base: str = ""
    """The service that a variant is made from."""
    changes: Mapping[str, str] = field(default_factory=dict)
    """The variables of docker-compose.yml that a variant changes."""

    @property
    def ready_count(self) -> int:
        """How often `ready_match` must be found before the deployment is ready."""
        return int(self.environment.get("SERVING_WORKERS", "1")) if self.ready_per_worker else 1

    @property
    def precision(self) -> str:
        """The lower precision that it is to compute in (models/quality/precision.py); empty: the artifact's own."""
        return self.environment.get("SERVING_PRECISION", "")

    @property
    def base_name(self) -> str:
        """What reports call the deployment that this is a variant of; its own name where it is none."""
        return self.name.partition(".")[0]

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
        """`<deployment>-<protocol>`; what has one protocol only, as a floor has, keeps its deployment's name."""
        return self._named(self.deployment.name)

    @property
    def base_name(self) -> str:
        """The endpoint that this is a variant of; its own name where it is none."""
        return self._named(self.deployment.base_name)

    def _named(self, deployment: str) -> str:
        alone = self.protocol == "call" or self.deployment.attached
        return deployment if alone else f"{deployment}-{self.protocol}"


def read_registry(*files: Path, environ: Mapping[str, str] | None = None) -> list[Deployment]:
    """Every deployment, in the files' order; without files, those of COMPOSE_FILE or docker-compose.yml.

    `environ` is what the variables come from, if not the environment over `.env`.
    """
    values = variables() if environ is None else environ
    services: dict[str, Any] = {}
    for path in files or compose_files(values):
        for name, block in _services(path).items():
            services[name] = _merged(services.get(name, {}), _interpolate(block, values))
    return [_deployment(name, block) for name, block in services.items() if "serving.server" in block.get("labels", {})]


def service_block(service: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """One service as the files say it, merged, with its variables filled in from `environ`."""
    block: dict[str, Any] = {}
    for path in compose_files(environ):
        block = _merged(block, _interpolate(_services(path).get(service, {}), environ))
    return block


def shared_configs(block: Mapping[str, Any]) -> dict[str, Any]:
    """The files that a service has by `configs`, by their names, as docker-compose.yml has them."""
    names = [used["source"] for used in block.get("configs", [])]
    return {name: _read(COMPOSE_FILE)["configs"][name] for name in names}


def compose_files(environ: Mapping[str, str]) -> list[Path]:
    """The files that Compose would read, in its order."""
    names = environ.get("COMPOSE_FILE", "").split(environ.get("COMPOSE_PATH_SEPARATOR") or os.pathsep)
    return [REPOSITORY / name for name in names if name] or [COMPOSE_FILE]


def _services(path: Path) -> dict[str, Any]:
    try:
        services: dict[str, Any] = _read(path)["services"]
    except (KeyError, TypeError) as error:
        raise RegistryError(f"cannot read the registry {path}: {error}") from error
    return services


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = yaml.load(path.read_text(), Loader=_SAFE_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise RegistryError(f"cannot read the registry {path}: {error}") from error
    return document


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One service's block with another file's over it: mappings by key, ports and volumes added, the rest replaced."""
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = {**merged[key], **value}
        else:
            merged[key] = [*merged.get(key, []), *value] if key in ("ports", "volumes") else value
    return merged


def _deployment(service: str, block: Mapping[str, Any]) -> Deployment:
    labels = {key.removeprefix(LABEL_PREFIX): str(value) for key, value in block["labels"].items()}
    try:
        texts: dict[str, Any] = {field: labels.get(field.replace("_", "-"), "") for field in _TEXTS}
        ports = {name: int(port) for name, port in _below(labels, "port.").items()}
        return Deployment(
            name=labels.get("name", service),
            server=labels["server"],
            format=labels["format"],
            model=labels["model"],
            protocols=tuple(labels["protocols"].split(",")),
            launcher=labels["launcher"],
            path=labels.get("path", PREDICT_PATH.format(model=labels["model"])),
            ports=ports,
            published=_published(block.get("ports", []), ports),
            ready_per_worker=labels.get("ready-per-worker") == "true",
            batches=labels.get("batching") != "false",
            extra=labels.get("extra") == "true",
            payloads={protocol: tuple(names.split(",")) for protocol, names in _below(labels, "payloads.").items()},
            settings=tuple(filter(None, labels.get("settings", "").split(","))),
            settings_match=_below(labels, "settings."),
            environment={key: str(value) for key, value in block.get("environment", {}).items()},
            service=service,
            **texts,
        )
    except (KeyError, ValueError) as error:
        raise RegistryError(f"docker-compose.yml, service {service}: label missing or not usable: {error}") from error


def _below(labels: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The labels that begin so, by the rest of their names."""
    return {key.removeprefix(prefix): value for key, value in labels.items() if key.startswith(prefix)}


def _published(mappings: list[str], ports: Mapping[str, int]) -> dict[str, int]:
    host_by_container = {int(m.split(":")[-1]): int(m.split(":")[-2]) for m in mappings}
    return {name: host_by_container[port] for name, port in ports.items() if port in host_by_container}


def _interpolate(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolate(value, environ, dollar="$$")  # Compose reads what is written of it, and fills in again
    if isinstance(value, dict):
        return {key: _interpolate(item, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [_interpolate(item, environ) for item in value]
    return value
