"""A service of docker-compose.yml as a pod: the same image, command, settings, limits and hardening."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from serveoff.manifests.quantities import resources, seconds
from serveoff.manifests.volumes import ARTIFACTS, Mount, mounts_of, uses
from serveoff.models.manifest import MANIFEST_NAME

Manifest = dict[str, Any]
"""One object of Kubernetes, as its API writes it."""
UNPRIVILEGED: Final[Manifest] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
WAIT_S: Final = 2


@dataclass(frozen=True)
class Service:
    """A block of docker-compose.yml with its name, for one model and from one place of images."""

    name: str
    block: Mapping[str, Any]
    model: str
    image_prefix: str = ""
    """The registry, and the path in it, that our images are pulled from; others come from where Compose has them."""

    @property
    def image(self) -> str:
        """Of ours the one of this version, unless its tag says otherwise."""
        name = str(self.block["image"])
        if "build" not in self.block:
            return name
        tagged = name if ":" in name else f"{name}:{version('serveoff')}"
        return f"{self.image_prefix.rstrip('/')}/{tagged}" if self.image_prefix else tagged

    @cached_property
    def mounts(self) -> list[Mount]:
        """Every mount; RegistryError for what only this machine has."""
        return mounts_of(self.name, self.block)

    @property
    def files(self) -> dict[str, Path]:
        """The files of this machine that it mounts, by their names."""
        return {mount.file.name: mount.file for mount in self.mounts if mount.file is not None}

    @property
    def container(self) -> Manifest:
        """Without probes and ports."""
        command, args = (_words(self.block.get(key)) for key in ("entrypoint", "command"))
        env = [{"name": key, "value": _literal(value)} for key, value in self.block.get("environment", {}).items()]
        limits = resources(self.block)
        return self.container_of(self.name, self.mounts, command=command, args=args, env=env, resources=limits)

    def waiting(self, name: str, script: str) -> Manifest:
        """A container of the same image that ends once a shell's script does."""
        mounts = [mount for mount in self.mounts if mount.file is None]
        return self.container_of(name, mounts, command=["bash", "-c", script], resources=resources(self.block))

    def container_of(self, name: str, mounts: Iterable[Mount], **said: Any) -> Manifest:
        """A container of the same image, without what is said to be nothing."""
        return {
            "name": name,
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            **{key: value for key, value in said.items() if value},
            "securityContext": UNPRIVILEGED,
            "volumeMounts": [dict(mount.mount) for mount in mounts],
        }

    @property
    def waiting_for_artifacts(self) -> list[Manifest]:
        """What Compose's `export` service is for: nothing starts before the model is there."""
        folder = uses(self.block, ARTIFACTS)
        if not folder:
            return []
        manifest = shlex.quote(f"{folder}/{self.model}/{MANIFEST_NAME}")
        return [self.waiting("wait-for-artifacts", f"until [ -e {manifest} ]; do sleep {WAIT_S}; done")]

    def pod(self, containers: Sequence[Manifest], init: Sequence[Manifest] = (), restart: str = "Always") -> Manifest:
        """The pod of these containers, which has no account in the cluster and is told of no service but by its name.

        Kubernetes' variables for services would be taken for settings: LOCUST_MASTER_PORT is one of Locust's.
        """
        volumes = {mount.volume["name"]: dict(mount.volume) for mount in self.mounts}
        return {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": restart,
            "terminationGracePeriodSeconds": seconds(self.block.get("stop_grace_period"), 10),
            **({"shareProcessNamespace": True} if self.block.get("init") else {}),
            "securityContext": self.user,
            **({"initContainers": list(init)} if init else {}),
            "containers": list(containers),
            "volumes": list(volumes.values()),
        }

    @property
    def user(self) -> Manifest:
        """Compose's user, who is not root, and owns what is written to the volumes."""
        uid, _, gid = str(self.block.get("user", "")).partition(":")
        ids = {"runAsUser": uid, "runAsGroup": gid, "fsGroup": gid}
        numbers = {key: int(number) for key, number in ids.items() if number.isdecimal()}
        return {"runAsNonRoot": True, **numbers, "seccompProfile": {"type": "RuntimeDefault"}}


def labels(name: str, component: str) -> dict[str, str]:
    """What an object is called, and what it is a part of."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "serveoff",
    }


def named(api: str, kind: str, name: str, component: str, **rest: Any) -> Manifest:
    """An object of this kind with its labels, and the rest of it."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels(name, component)}, **rest}


def job(name: str, component: str, pod: Manifest, retries: int = 0) -> Manifest:
    """What runs once, and again so often where it fails."""
    template = {"metadata": {"labels": labels(name, component)}, "spec": pod}
    return named("batch/v1", "Job", name, component, spec={"backoffLimit": retries, "template": template})


def _words(written: str | Sequence[str] | None) -> list[str]:
    """A command as words; Compose splits a string as a shell would."""
    return [_literal(word) for word in (shlex.split(written) if isinstance(written, str) else written or [])]


def _literal(value: object) -> str:
    """As Compose gives it to a container: `$$` is a dollar there, and Kubernetes would fill in `$(NAME)`."""
    return str(value).replace("$$", "$").replace("$(", "$$(")
