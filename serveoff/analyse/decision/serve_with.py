"""How to serve the recommended contender as it was measured: a command, and a Compose file of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from serveoff.analyse.entries import Entry
from serveoff.record.settings import RunSettings

_USUAL: Final = {
    name: RunSettings.model_fields[name].default
    for name in ("intra_op_threads", "workers", "threads_per_worker", "batch_size", "batch_delay_ms", "device")
}
OF_THE_STACK: Final = ("build", "labels", "depends_on", "logging", "profiles", "stop_grace_period", "volumes")
"""What a service of docker-compose.yml has for the stack that it is in."""
FIRST: Final = ("image", "entrypoint", "command", "environment", "ports")
ABOVE: Final = (
    "# Threads, workers and batching are those that were measured; port and memory limit are the stack's.\n"
    "# On one host every replica needs a port and a core of its own: ports, cpuset.\n"
)
GPU_FILES: Final = ("docker-compose.yml", "docker-compose.gpu.yml")
GPU_OPTIONS: Final = "".join(f"-f {name} " for name in GPU_FILES)


@dataclass(frozen=True)
class ServeWith:
    """Commands and a Compose file that serve the recommended contender with this run's settings."""

    command: str
    build: str
    """Makes the image that `compose` names."""
    compose: str
    """As YAML; empty where the registry does not know the deployment any more."""


def serve_with(entry: Entry, settings: RunSettings) -> ServeWith:
    """What was not set otherwise for the run is not said in the command; the file says all."""
    usual = settings.model_copy(update=_USUAL).of_servers
    changed = {name: value for name, value in settings.of_servers.items() if value != usual[name]}
    name = entry.result.deployment
    given = "".join(f"{variable}={value} " for variable, value in changed.items())
    return ServeWith(
        command=f"{given}make serve NAME={name} MODEL={settings.model}",
        build=f"docker compose {GPU_OPTIONS if _on_gpu(settings) else ''}build {name}",
        compose=_compose(name, settings),
    )


def _on_gpu(settings: RunSettings) -> bool:
    return settings.device.partition(":")[0] == "cuda"


def _compose(name: str, settings: RunSettings) -> str:
    import yaml  # the page of runs reads decisions that were made, and needs neither

    from serveoff.services.registry import RegistryError, service_block, shared_configs

    gpu = {"COMPOSE_FILE": os.pathsep.join(GPU_FILES)} if _on_gpu(settings) else {}
    cores = {"SERVER_CPUS": ",".join(map(str, settings.server_cpus))}
    try:
        block = service_block(name, {**settings.of_servers, **cores, **gpu})
        shared = shared_configs(block)
    except RegistryError:
        return ""
    if not block:
        return ""
    document = {"services": {name: _service(block, settings.model)}} | ({"configs": shared} if shared else {})
    return ABOVE + str(yaml.safe_dump(document, sort_keys=False, width=100))


def _service(block: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Of its own: what its image would do by itself is said, and the model comes from the checkout's folder."""
    own = {key: value for key, value in block.items() if key not in OF_THE_STACK}
    if not {"command", "entrypoint"} & own.keys():
        own["command"] = ["python", "-I", "-u", "-m", block["labels"]["serving.launcher"]]
    first: dict[str, Any] = {key: own.pop(key) for key in FIRST if key in own}
    return {**first, "volumes": [f"./artifacts/{model}:/models/{model}:ro"], **own}
