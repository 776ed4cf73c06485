"""Bring an imported model into the volume that the containers read their models from: nothing in there can make it."""

import tarfile
import tempfile
from typing import Final

from docker.errors import APIError
from docker.models.containers import Container

from serveoff.errors import EngineFailure
from serveoff.measure.runtimes.containers.compose import Compose
from serveoff.measure.runtimes.containers.engine import explain
from serveoff.models.spec import model_dir

MODELS: Final = "/models"
OWNER: Final = 10001
"""The user of every container: docker-compose.yml."""
FORGET: Final = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"


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
