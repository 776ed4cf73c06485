"""Where the cluster keeps models and results, and the pod that files are copied to and from."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from serveoff.manifests.pods import Manifest, Service, named
from serveoff.manifests.volumes import ARTIFACTS, CONFIG_MAP, claim, claim_name

POD: Final = "serveoff-files"
FOLDERS: Final = {ARTIFACTS: "/models", "results": "/results"}
"""Compose's volumes, and where the pod of files has them."""
SIZE: Final = "8Gi"
SMALL: Final = {"cpu": "100m", "memory": "512Mi"}


def storage(service: Service) -> list[Manifest]:
    """The claims, and the pod, which does nothing: `kubectl cp` and `kubectl exec` need one that runs."""
    mounts = [claim(volume, folder, read_only=False) for volume, folder in FOLDERS.items()]
    small = {"requests": dict(SMALL), "limits": dict(SMALL)}
    container = service.container_of(POD, mounts, command=["sleep", "infinity"], resources=small)
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": service.user,
        "containers": [container],
        "volumes": [dict(mount.volume) for mount in mounts],
    }
    return [*map(_claim, FOLDERS), named("v1", "Pod", POD, "storage", spec=pod)]


def config_map(files: Mapping[str, Path]) -> Manifest:
    """The texts of files of this checkout that containers mount."""
    texts = {name: files[name].read_text() for name in sorted(files)}
    return named("v1", "ConfigMap", CONFIG_MAP, "storage", data=texts)


def merged(services: Iterable[Service]) -> dict[str, Path]:
    """The files that any of them mounts."""
    return {name: path for service in services for name, path in service.files.items()}


def _claim(volume: str) -> Manifest:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": SIZE}}}
    return named("v1", "PersistentVolumeClaim", claim_name(volume), "storage", spec=spec)
