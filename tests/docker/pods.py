"""Containers of Kubernetes' manifests on the engine, beside the stack: its network, its volumes for their claims."""

from dataclasses import dataclass
from pathlib import Path

import docker
from docker.types import Mount

from serveoff.manifests.volumes import claim_name
from tests.serveoff.manifests.written import find, pods

VOLUMES = ("artifacts", "results")


@dataclass(frozen=True)
class Node:
    """What runs pods: an engine with the network and the volumes of a Compose project, and a folder for files."""

    project: str
    folder: Path
    objects: list

    def start(self, pod, container, *more):
        """One container of a pod, as Kubernetes would start it; `more` is added to its arguments."""
        user, rights = pod["securityContext"], container["securityContext"]
        command = container.get("command", [])
        return docker.from_env().containers.run(
            container["image"].partition(":")[0],
            [*command[1:], *container.get("args", []), *more],
            entrypoint=command[:1] or None,
            environment={entry["name"]: entry["value"] for entry in container.get("env", [])},
            user=f"{user['runAsUser']}:{user['runAsGroup']}",
            read_only=rights["readOnlyRootFilesystem"],
            cap_drop=rights["capabilities"]["drop"],
            security_opt=["no-new-privileges:true"],
            mounts=list(self._mounts(pod, container)),
            tmpfs=dict.fromkeys(temporary(pod, container), "mode=1777,exec"),
            network=f"{self.project}_default",
            detach=True,
        )

    def _mounts(self, pod, container):
        claims = {claim_name(volume): f"{self.project}_{volume}" for volume in VOLUMES}
        kinds = {volume["name"]: volume for volume in pod["volumes"]}
        for mount in container["volumeMounts"]:
            volume, read_only = kinds[mount["name"]], mount.get("readOnly", False)
            if "persistentVolumeClaim" in volume:
                claim = claims[volume["persistentVolumeClaim"]["claimName"]]
                yield Mount(mount["mountPath"], claim, read_only=read_only)
            elif "configMap" in volume:
                file = self.folder / mount["subPath"]
                file.write_text(find(self.objects, "ConfigMap", volume["configMap"]["name"])["data"][file.name])
                yield Mount(mount["mountPath"], str(file), type="bind", read_only=read_only)


def temporary(pod, container):
    names = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
    return [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in names]


def containers_of(objects, name):
    """The pod of an object, and its containers in the order in which they start."""
    pod = pods(objects)[name]
    return pod, [*pod.get("initContainers", []), *pod["containers"]]
