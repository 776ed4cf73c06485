"""Every file of a kustomize base, from the registry, and of the folder for KServe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from serveoff.manifests import clients, kserve, storage
from serveoff.manifests.pods import Manifest, Service
from serveoff.manifests.servers import server
from serveoff.services.registry import Deployment, Endpoint, RegistryError, service_block

BASE: Final = PurePosixPath("base")
WINNER: Final = PurePosixPath("kserve")

Documents = Mapping[PurePosixPath, Sequence[Manifest]]
"""The objects of every file, by its path in the folder."""


@dataclass(frozen=True)
class Request:
    """What manifests are wanted of."""

    model: str
    deployments: Sequence[tuple[Deployment, Sequence[Endpoint]]]
    """Each with the endpoints of it that are compared."""
    environ: Mapping[str, str]
    """What the variables of docker-compose.yml come from."""
    image_prefix: str = ""

    def service(self, name: str) -> Service:
        """One block of docker-compose.yml; RegistryError where there is none."""
        block = service_block(name, self.environ)
        if not block:
            raise RegistryError(f"docker-compose.yml has no service {name}, which the manifests are made from")
        return Service(name, block, self.model, self.image_prefix)


def base(request: Request) -> Documents:
    """Servers, the Job that compares them, Locust, and where models and results are kept."""
    servers = [(deployment, request.service(deployment.service)) for deployment, _ in request.deployments]
    compare, *load = (request.service(name) for name in (clients.COMPARE, clients.MASTER, clients.WORKER))
    endpoints = [endpoint for _, compared in request.deployments for endpoint in compared]
    files = storage.merged([*(service for _, service in servers), compare, *load])
    written: dict[str, list[Manifest]] = {
        "storage": storage.storage(compare),
        "files": [storage.config_map(files)],
        **{service.name: server(deployment, service) for deployment, service in servers},
        **({"compare": [clients.comparison(compare, endpoints)]} if len(endpoints) > 1 else {}),
        "locust": [*clients.master(load[0]), *clients.workers(load[1])],
    }
    return _folder(BASE, written)


def winner(request: Request, deployment: Deployment, found: kserve.Runtime) -> Documents:
    """KServe's objects for one deployment."""
    service, *layout = kserve.inference_service(deployment, request.service(deployment.service), found)
    return _folder(WINNER, {"inferenceservice": [service], **({"layout": layout} if layout else {})})


def _folder(folder: PurePosixPath, written: Mapping[str, Sequence[Manifest]]) -> Documents:
    """The files, and the kustomization that lists them."""
    files = {f"{name}.yaml": list(objects) for name, objects in written.items()}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(files),
    }
    return {folder / name: objects for name, objects in {"kustomization.yaml": [kustomization], **files}.items()}
