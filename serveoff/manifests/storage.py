"""Where the cluster keeps models and results, and the pod that files are copied to and from."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from serveoff.manifests.pods import UNPRIVILEGED, Manifest, Service, labels
from serveoff.manifests.volumes import ARTIFACTS, CONFIG_MAP, claim, claim_name

POD: Final = "serveoff-files"
FOLDERS: Final = {ARTIFACTS: "/models", "results": "/results"}
"""Compose's volumes, and where the pod of files has them."""
SIZE: Final = "8Gi"
SMALL: Final = {"cpu": "100m", "memory": "512Mi"}


def storage(service: Service) -> list[Manifest]:
    """The claims, and the pod, which does nothing: `kubectl cp` and `kubectl exec` need one that runs."""
    mounts = [claim(volume, folder, read_only=False) for volume, folder in FOLDERS.items()]
    container = {
        "name": POD,
        "image": service.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "resources": {"requests": dict(SMALL), "limits": dict(SMALL)},
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [dict(mount.mount) for mount in mounts],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD, "labels": labels(POD, "storage")},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": service.user,
            "containers": [container],
            "volumes": [dict(mount.volume) for mount in mounts],
        },
    }
    return [*map(_claim, FOLDERS), pod]


def config_map(files: Mapping[str, Path]) -> Manifest:
    """The texts of files of this checkout that containers mount."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG_MAP, "labels": labels(CONFIG_MAP, "storage")},
        "data": {name: files[name].read_text() for name in sorted(files)},
    }


def merged(services: Iterable[Service]) -> dict[str, Path]:
    """The files that any of them mounts."""
    return {name: path for service in services for name, path in service.files.items()}


def _claim(volume: str) -> Manifest:
    name = claim_name(volume)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": labels(name, "storage")},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": SIZE}}},
    }
