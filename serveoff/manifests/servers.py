"""A deployment of the registry as a Deployment and a Service of Kubernetes."""

import re
from collections.abc import Mapping

from serveoff.manifests import probes
from serveoff.manifests.pods import Manifest, Service, labels, named
from serveoff.services.registry import Deployment, RegistryError

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1035, which a Service's name follows: it is a host's name."""


def server(deployment: Deployment, service: Service) -> list[Manifest]:
    """The objects of one server. Its management port stays in the pod."""
    check_name(service.name)
    container = {
        **service.container,
        "ports": [{"name": name, "containerPort": port} for name, port in deployment.ports.items()],
        **probes.of_server(deployment, service.block),
    }
    pod = service.pod([container], service.waiting_for_artifacts)
    return [
        workload(service.name, "server", pod, annotations(deployment)),
        service_object(service.name, "server", _open_ports(deployment)),
    ]


def workload(
    name: str, component: str, pod: Manifest, notes: Mapping[str, str] | None = None, replicas: int = 1
) -> Manifest:
    """A Deployment that ends the old pod before it starts the new one: two would share what is measured."""
    metadata = {"labels": labels(name, component), **({"annotations": dict(notes)} if notes else {})}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "serveoff"}},
        "strategy": {"type": "Recreate"},
        "template": {"metadata": metadata, "spec": pod},
    }
    return named("apps/v1", "Deployment", name, component, metadata={"name": name, **metadata}, spec=spec)


def service_object(name: str, component: str, ports: Mapping[str, int]) -> Manifest:
    """A Service on the same ports as the pod's: the name stands for the host, as it does in Compose."""
    spec = {
        "selector": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "serveoff"},
        "ports": [{"name": n, "port": port, "targetPort": port} for n, port in ports.items()],
    }
    return named("v1", "Service", name, component, spec=spec)


def annotations(deployment: Deployment) -> dict[str, str]:
    """What the registry says of it."""
    said = {"server": deployment.server, "format": deployment.format, "model": deployment.model}
    return {f"serveoff/{key}": value for key, value in said.items()}


def check_name(service: str) -> None:
    """RegistryError for a name that a Service of Kubernetes cannot have."""
    if _NAME.fullmatch(service) is None:
        where = f"docker-compose.yml, service {service}"
        raise RegistryError(f"{where}: no Service can be called so; use lower-case letters, digits and hyphens")


def _open_ports(deployment: Deployment) -> dict[str, int]:
    """Those of its protocols, and of its counters."""
    wanted = {*deployment.protocols, deployment.counters.partition("/")[0]}
    return {name: port for name, port in deployment.ports.items() if name in wanted}
