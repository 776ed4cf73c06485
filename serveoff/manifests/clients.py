"""What loads the servers: the Job that compares them from inside, and Locust's master and workers."""

from collections.abc import Sequence
from typing import Final

from serveoff.manifests import probes
from serveoff.manifests.pods import WAIT_S, Manifest, Service, job
from serveoff.manifests.servers import service_object, workload
from serveoff.services.registry import Endpoint

COMPARE: Final = "compare"
MASTER: Final = "locust-master"
WORKER: Final = "locust-worker"
"""Blocks of docker-compose.yml."""
MASTER_PORTS: Final = {"web": 8089, "workers": 5557}
"""Locust's own: its page, and what its workers connect to."""
WORKERS: Final = 2
PREFIX: Final = "k8s-"
"""Of the names under which endpoints are attached: `serveoff run` keeps those of the registry for its own."""
PLAIN_GRPC: Final = "tfserving"
"""The gRPC API that `grpc://` stands for; another's name is written before it."""


def comparison(service: Service, endpoints: Sequence[Endpoint]) -> Manifest:
    """The Job that attaches to the endpoints by their Services' names, once, when all of them are ready."""
    wait = service.waiting("wait-for-servers", _until_ready(endpoints))
    container = {**service.container, "args": ["run", "--model", service.model, *_attached(endpoints)]}
    pod = service.pod([container], [*service.waiting_for_artifacts, wait], restart="Never")
    return job(COMPARE, "comparison", pod)


def master(service: Service) -> list[Manifest]:
    """Locust's master, whose page chooses the endpoint and the number of users."""
    ports = [{"name": name, "containerPort": port} for name, port in MASTER_PORTS.items()]
    container = {**service.container, "ports": ports, **probes.of_service(service.block)}
    return [
        workload(MASTER, "load", service.pod([container], service.waiting_for_artifacts)),
        service_object(MASTER, "load", MASTER_PORTS),
    ]


def workers(service: Service) -> list[Manifest]:
    """Locust's workers: one process, and so one core, each."""
    container = {**service.container, **probes.of_service(service.block)}
    return [workload(WORKER, "load", service.pod([container], service.waiting_for_artifacts), replicas=WORKERS)]


def url(endpoint: Endpoint) -> str:
    """The endpoint as `serveoff run --url` takes it."""
    deployment = endpoint.deployment
    address = f"{deployment.service}:{deployment.ports[endpoint.protocol]}"
    if endpoint.protocol == "grpc":
        scheme = "grpc" if deployment.grpc_api == PLAIN_GRPC else f"{deployment.grpc_api}+grpc"
        return f"{scheme}://{address}/{deployment.model}"
    return f"http://{address}{deployment.path.removesuffix(':predict')}"


def _attached(endpoints: Sequence[Endpoint]) -> list[str]:
    hosts = dict.fromkeys(endpoint.deployment.service for endpoint in endpoints)
    urls = [word for endpoint in endpoints for word in ("--url", f"{PREFIX}{endpoint.name}={url(endpoint)}")]
    return [*urls, *(word for host in hosts for word in ("--yes-i-may-load", host))]


def _until_ready(endpoints: Sequence[Endpoint]) -> str:
    """A Service without a ready pod takes no connection."""
    reached = {(e.deployment.service, e.deployment.ports[e.protocol]): None for e in endpoints}
    waits = (f"until (exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null; do sleep {WAIT_S}; done" for host, port in reached)
    return "\n".join(waits)
