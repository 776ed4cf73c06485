"""Which endpoints are running, so that a person can pick one: announced by `serveoff serve`, or published."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.models.spec import model_dir, state_root
from serveoff.services.probes import accepts
from serveoff.services.registry import Deployment, Endpoint, read_registry

PROBE_TIMEOUT_S = 0.3
HOW_TO_START = "start one: serveoff serve NAME (names: serveoff list)"
HOW_TO_START_INSIDE = "start them: docker compose up --wait (state: docker compose ps)"


class EndpointError(Exception):
    """No such endpoint is running; the message says which are, and how to start one."""


@dataclass(frozen=True)
class Target:
    """One endpoint at one address: all that a user needs to send it requests."""

    name: str
    protocol: str
    host: str
    port: int
    model: str
    format: str
    path: str
    """What REST requests are sent to."""
    grpc_api: str = ""
    precision: str = ""
    """The lower precision that it computes in: its answers are not the golden ones."""
    model_dir: str = ""
    """Where the model's golden inputs are, of one that `serveoff serve` announced."""

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


def announce(deployment: Deployment, ports: Mapping[str, int], pid: int) -> Path:
    """Say that a deployment serves on these loopback ports for as long as process `pid` lives."""
    served = [endpoint for endpoint in deployment.endpoints if endpoint.protocol in ports]
    folder = str(model_dir(deployment.model).resolve())
    found = [_target(endpoint, "127.0.0.1", ports[endpoint.protocol]) for endpoint in served]
    targets = [asdict(replace(target, model_dir=folder)) for target in found]
    path = announcements() / f"{deployment.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write_text(json.dumps({"pid": pid, "targets": targets}))
    return path


def withdraw(name: str) -> None:
    """Take back the announcement of a deployment, if there is one."""
    (announcements() / f"{name}.json").unlink(missing_ok=True)


def running() -> list[Target]:
    """Every endpoint that can be reached now, announced ones first."""
    targets = {target.name: target for target in _announced()}
    for target in _published():
        if target.name not in targets and accepts(target.host, target.port, PROBE_TIMEOUT_S):
            targets[target.name] = target
    return list(targets.values())


def find(name: str, address: str = "") -> Target:
    """The endpoint of this name; with an address (`host:port` or `rest=host:port`) it need not be running."""
    if not name:
        raise EndpointError(f"no --endpoint given; {_what_runs()}")
    if address:
        return _at(name, address)
    for target in running():
        if target.name == name:
            return target
    known = name in {endpoint.name for endpoint in _registered()}
    problem = "is not running" if known else "is not a known endpoint"
    raise EndpointError(f"endpoint {name} {problem}; {_what_runs()}")


def _what_runs() -> str:
    names = ", ".join(target.name for target in running()) or "none"
    return f"running now: {names}; {HOW_TO_START_INSIDE if _inside() else HOW_TO_START}"


def _at(name: str, address: str) -> Target:
    host, _, port = address.rpartition("=")[2].rpartition(":")
    if not host or not port.isdecimal():
        raise EndpointError(f"--address is {address!r}: write it as host:port")
    for target in (*_announced(), *_published()):
        if target.name == name:
            return replace(target, host=host, port=int(port))
    raise EndpointError(f"endpoint {name} is not in the registry; names: serveoff list")


def announcements() -> Path:
    """The folder where each deployment that is served here is announced."""
    return state_root() / "running"


def _announced() -> Iterator[Target]:
    for path in sorted(announcements().glob("*.json")):
        # A file that was withdrawn meanwhile, or that is not ours, announces nothing.
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            announcement = json.loads(path.read_text())
            if psutil.pid_exists(announcement["pid"]):
                yield from [Target(**target) for target in announcement["targets"]]


def _published() -> Iterator[Target]:
    """Where docker-compose.yml publishes each endpoint: on the host, or from inside its network."""
    inside = _inside()
    for endpoint in _registered():
        deployment = endpoint.deployment
        ports = deployment.ports if inside else deployment.published
        if endpoint.protocol in ports:
            yield _target(endpoint, deployment.service if inside else "127.0.0.1", ports[endpoint.protocol])


def _inside() -> bool:
    """True in a container on the servers' network."""
    return os.environ.get("SERVEOFF_NETWORK") == "compose"


def _registered() -> Iterator[Endpoint]:
    for deployment in read_registry():
        yield from (endpoint for endpoint in deployment.endpoints if endpoint.protocol != "call")


def _target(endpoint: Endpoint, host: str, port: int) -> Target:
    d = endpoint.deployment
    return Target(endpoint.name, endpoint.protocol, host, port, d.model, d.format, d.path, d.grpc_api, d.precision)
