"""What must be in place before a run in containers: images built, the model exported into its volume."""

import io
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container

from serveoff.errors import EngineFailure
from serveoff.interrupts import shielded
from serveoff.measure.artifacts import provide
from serveoff.measure.plan.plan import answering_floors, make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.runtimes import Preparation
from serveoff.measure.runtimes.containers.compose import PROJECT_LABEL, Compose, owned, write_override
from serveoff.measure.runtimes.containers.engine import Engine, explain
from serveoff.measure.watchdog import runner_id
from serveoff.models.catalog import is_zoo
from serveoff.models.golden import GOLDEN_NAME
from serveoff.models.manifest import MANIFEST_NAME, read_manifest
from serveoff.models.quality.labelled import LABELLED_NAME
from serveoff.models.spec import artifacts_root, model_dir, state_root
from serveoff.services.compose_variables import variables
from serveoff.services.registry import REPOSITORY, compose_files, read_registry

GPU_FILE = REPOSITORY / "docker-compose.gpu.yml"
EMBEDDED_FILE = REPOSITORY / "docker-compose.embedded.yml"
EMBEDDED_GPU_FILE = REPOSITORY / "docker-compose.embedded-gpu.yml"
EXPORT, LOCUST = "export", "locust"
VOLUME = "artifacts"
STAND_IN_NOTE = (
    "the image of TensorFlow Serving is missing and cannot be pulled: the embedded model server stands in "
    "and is not ranked"
)
MODELS = "/models"
OWNER = 10001
"""The user of every container: docker-compose.yml."""
FORGET = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
NO_GPU = "install the NVIDIA Container Toolkit on this machine, or run without GPU=1"


def prepare_stack(engine: Engine, request: Preparation) -> None:
    """Choose the Compose files, build the images, export the model, and bring its golden answers here.

    The choice of files is left in COMPOSE_FILE, for the registry's reader and every process that we start; the model's
    folder in SERVEOFF_ARTIFACTS.
    """
    if request.device == "cuda" and not _has_nvidia(engine):
        raise EngineFailure("GPU=1, but this Docker engine has no NVIDIA runtime", NO_GPU)
    _use(_chosen_files(request.device))
    with _own_project(engine.client, request) as compose:
        _choose_model_server(compose, request)
        # The files chosen by now, under the project's own override.
        compose = replace(compose, files=(*compose_files(variables()), compose.files[-1]))
        services = [*planned_services(request), LOCUST, EXPORT]
        _build(compose, services, request)
        _export(compose, request)


def planned_services(request: Preparation) -> list[str]:
    """The Compose services of the deployments that the run will visit, and of a floor, which gives right answers."""
    registry = read_registry(environ={**variables(), "MODEL": request.model})
    settings = PROFILES["quick"].model_copy(update={"extra": list(request.extra)})
    plan = make_plan(registry, request.patterns, settings)
    answering = answering_floors(plan, registry)[:1]
    return [deployment.service for deployment in (*(d for d, _ in plan.deployments), *answering)]


def artifacts_volume() -> str:
    """The volume that `docker compose up` makes, so that a run and a user's own stack share one export."""
    return f"{user_project()}_{VOLUME}"


def share_artifacts() -> dict[str, Any]:
    """The volumes of an override file: the shared one is not ours to make or to remove."""
    return {VOLUME: {"external": True, "name": artifacts_volume()}}


def user_project() -> str:
    """The project that `docker compose up` uses; those of runs and their preparations begin with its name."""
    return variables().get("COMPOSE_PROJECT_NAME") or "serveoff"


def _chosen_files(device: str) -> list[Path]:
    files = compose_files(variables())
    return [*files, GPU_FILE] if device == "cuda" and GPU_FILE not in files else files


def _use(files: Sequence[Path]) -> None:
    os.environ["COMPOSE_FILE"] = os.pathsep.join(map(str, files))


def _choose_model_server(compose: Compose, request: Preparation) -> None:
    """Let the embedded model server stand in where TensorFlow Serving's image cannot be had, and say so."""
    wanted = set(planned_services(request))
    registry = read_registry(environ={**variables(), "MODEL": request.model})
    services = [d.service for d in registry if d.server == "tfserving" and d.service in wanted]
    images = {compose.config()[service]["image"] for service in services}
    if all(_has_image(compose.client, image) for image in images):
        return
    try:
        compose.show("pull", *services)
    except EngineFailure:
        request.console.print(STAND_IN_NOTE, style="yellow", highlight=False)
        over = [EMBEDDED_FILE, *([EMBEDDED_GPU_FILE] if request.device == "cuda" else [])]
        _use([*_chosen_files(request.device), *over])


def _build(compose: Compose, services: Sequence[str], request: Preparation) -> None:
    known = compose.config()
    images = {known[service]["image"] for service in services}
    built = builders(known)
    request.console.print("building images (minutes the first time, seconds when nothing changed)", highlight=False)
    own = replace(compose, project=user_project())
    quiet = [] if request.console.is_terminal else ["--quiet"]
    own.show("build", *quiet, *(service for image, service in built.items() if image in images))
    for service in services:
        image = known[service]["image"]
        if image not in built and not _has_image(compose.client, image):
            raise EngineFailure(f"image {image} of {service} is missing", f"get it with: docker pull {image}")


def builders(services: Mapping[str, Any]) -> dict[str, str]:
    """Of each image that is built, the one service that it is built by: the first, wherever it is built.

    Compose labels an image with its project and service, so that built by others the same code is another image.
    """
    built = [(block["image"], name) for name, block in services.items() if "build" in block]
    return dict(sorted(built, reverse=True))


def _export(compose: Compose, request: Preparation) -> None:
    _ensure_volume(compose.client)
    # After the first of several models the variable names what containers brought, where no other model is.
    own = os.environ.setdefault("SERVEOFF_OWN_ARTIFACTS", str(artifacts_root()))
    os.environ["SERVEOFF_ARTIFACTS"] = own
    if is_zoo(request.model):
        exporter = compose.run(EXPORT)
    else:
        provide(request.model)
        exporter = bring(compose, EXPORT, request.model)
    folder = state_root() / "containers"
    for name in (MANIFEST_NAME, GOLDEN_NAME):
        copy_out(exporter, f"{MODELS}/{request.model}/{name}", folder / request.model / name)
    if read_manifest(folder / request.model).labelled_sha256:
        copy_out(exporter, f"{MODELS}/{request.model}/{LABELLED_NAME}", folder / request.model / LABELLED_NAME)
    os.environ["SERVEOFF_ARTIFACTS"] = str(folder)


def bring(compose: Compose, service: str, model: str) -> Container:
    """Replace the model's folder in the volume by the one of this machine; EngineFailure where the engine refuses.

    `service` is one that may write there, by the container that is returned. What is in the volume goes first: a file
    too many would change a hash.
    """
    compose.output("run", "--no-deps", "-T", "--rm", service, "python", "-c", FORGET, f"{MODELS}/{model}")
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(model_dir(model).resolve(), arcname=model, filter=_readable)
        archive.seek(0)
        container = compose.create(service)
        try:
            container.put_archive(MODELS, archive)
        except APIError as error:
            raise EngineFailure(f"{model} cannot be copied into the volume of models: {explain(error)}") from None
    return container


def _readable(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """As the containers' user owns it."""
    entry.uid = entry.gid = OWNER
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry


def copy_out(container: Container, source: str, target: Path) -> None:
    """Copy one file out of a container, running or not; EngineFailure where it has none."""
    try:
        chunks, _ = container.get_archive(source)
    except NotFound:
        raise EngineFailure(f"{source} is not in the container {container.name}", "export again: make export") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        assert file is not None, source
        with target.open("wb") as out:
            shutil.copyfileobj(file, out)


@contextmanager
def _own_project(client: docker.DockerClient, request: Preparation) -> Iterator[Compose]:
    """A project for the preparation alone, removed with all its containers whatever happens."""
    project = f"{user_project()}-prepare-{secrets.token_hex(3)}"
    override = state_root() / f"{project}-{runner_id()}.yml"
    write_override(override, {EXPORT: owned({})}, share_artifacts())
    files = (*compose_files(variables()), override)
    compose = Compose(client, project, files, {"MODEL": request.model})
    try:
        yield compose
    finally:
        with shielded():
            compose.remove()
            override.unlink(missing_ok=True)


def _ensure_volume(client: docker.DockerClient) -> None:
    """Make the shared volume as Compose would, so that `docker compose down -v` removes it."""
    name = artifacts_volume()
    if not any(volume.name == name for volume in client.volumes.list(filters={"name": name})):
        client.volumes.create(name, labels={PROJECT_LABEL: user_project(), "com.docker.compose.volume": VOLUME})


def _has_image(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def _has_nvidia(engine: Engine) -> bool:
    runtimes = engine.client.info().get("Runtimes", {})
    return "nvidia" in runtimes or shutil.which("nvidia-container-runtime-hook") is not None
