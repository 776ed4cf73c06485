"""What a service mounts: Compose's volumes as claims, its files as one ConfigMap, its tmpfs in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serveoff.services.registry import REPOSITORY, RegistryError, shared_configs

CONFIG_MAP: Final = "serveoff-files"
ARTIFACTS: Final = "artifacts"
"""Compose's volume of models."""


@dataclass(frozen=True)
class Mount:
    """One place in a container's file system, and the pod's volume that is there."""

    volume: Mapping[str, Any]
    mount: Mapping[str, Any]
    file: Path | None = None
    """Of this machine: the ConfigMap carries its text."""


def claim_name(volume: str) -> str:
    """The claim that takes the place of a volume of docker-compose.yml."""
    return f"serveoff-{volume}"


def mounts_of(service: str, block: Mapping[str, Any]) -> list[Mount]:
    """Every mount of a service; RegistryError for a folder of this machine."""
    return [*_volumes(service, block), *_configs(block), *map(_temporary, block.get("tmpfs", []))]


def uses(block: Mapping[str, Any], volume: str) -> str:
    """Where a service has this volume of docker-compose.yml; empty where it has not."""
    found = [_long(written) for written in block.get("volumes", [])]
    return next((str(v["target"]) for v in found if v["type"] == "volume" and v["source"] == volume), "")


def claim(volume: str, target: str, read_only: bool) -> Mount:
    """A volume of docker-compose.yml at this path."""
    source = {"claimName": claim_name(volume), **_read_only(read_only)}
    mount = {"name": volume, "mountPath": target, **_read_only(read_only)}
    return Mount({"name": volume, "persistentVolumeClaim": source}, mount)


def _volumes(service: str, block: Mapping[str, Any]) -> Iterator[Mount]:
    for written in block.get("volumes", []):
        volume = _long(written)
        source, target = str(volume["source"]), str(volume["target"])
        if volume["type"] == "volume":
            yield claim(source, target, bool(volume.get("read_only")))
        elif (REPOSITORY / source).is_file():
            yield _file(REPOSITORY / source, target)
        else:
            where = f"docker-compose.yml, service {service}: {source}"
            raise RegistryError(f"{where} is a folder of this machine, which a cluster does not have: use a volume")


def _configs(block: Mapping[str, Any]) -> Iterator[Mount]:
    shared = shared_configs(block)
    for used in block.get("configs", []):
        yield _file(REPOSITORY / shared[used["source"]]["file"], str(used["target"]))


def _file(path: Path, target: str) -> Mount:
    mount = {"name": "files", "mountPath": target, "subPath": path.name, "readOnly": True}
    return Mount({"name": "files", "configMap": {"name": CONFIG_MAP}}, mount, path)


def _temporary(written: str) -> Mount:
    path = written.partition(":")[0]
    name = path.strip("/").replace("/", "-")
    return Mount({"name": name, "emptyDir": {"medium": "Memory"}}, {"name": name, "mountPath": path})


def _long(written: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """`artifacts:/models:ro`, too, as Compose's long form."""
    if not isinstance(written, str):
        return written
    source, _, rest = written.partition(":")
    target, _, mode = rest.partition(":")
    kind = "bind" if source[0] in "./" else "volume"
    return {"type": kind, "source": source, "target": target, "read_only": mode == "ro"}


def _read_only(read_only: bool) -> dict[str, bool]:
    return {"readOnly": True} if read_only else {}
