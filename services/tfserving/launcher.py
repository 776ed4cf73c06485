"""The command line of a model server, from the SERVING_* settings: the same flags for the real and the embedded one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from serveoff.models.isolation import isolated
from serveoff.models.manifest import Artifact
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.tfserving import BINARY

BASE_PATHS = {"savedmodel": "", "frozen_graph": "serving"}
"""Below the artifact's own folder: the folder that holds version directories. A bare frozen graph cannot be
loaded by TensorFlow Serving, so its artifact carries a wrapping as a SavedModel."""

CONFIG = Path(__file__).parent / "config"
"""TensorFlow Serving's own files; containers have this folder at /config."""


def command(settings: Settings, artifact: Artifact, given: Sequence[str] = ()) -> list[str]:
    """The program and its flags: those that are given, as a container's command, or else those of the settings.

    TensorFlow Serving has no flag for the address it listens on: it binds 0.0.0.0, so on a shared machine it is
    the firewall's task to keep others out. `--host` and the body limit are given to the embedded server only.
    SettingsError where it cannot serve the format or the settings.
    """
    program = shutil.which(BINARY)
    flags = given or [*_flags(settings, artifact), *_batching(settings)]
    if program:
        return [program, *flags]
    own = [f"--host={settings.host}", f"--rest_api_max_body_bytes={settings.max_body_bytes}"]
    return isolated("serveoff.services.tfserving.embedded", *flags, *own)


def base_path(settings: Settings, artifact: Artifact) -> Path:
    """The folder of version directories; SettingsError for a format that TensorFlow Serving cannot serve."""
    if settings.format not in BASE_PATHS:
        served = ", ".join(BASE_PATHS)
        raise SettingsError(f"SERVING_FORMAT is {settings.format!r}: TensorFlow Serving serves {served}")
    return settings.model_dir.absolute() / artifact.path / BASE_PATHS[settings.format]


def environment(settings: Settings) -> dict[str, str]:
    """What the server's environment needs besides our own: no GPU where the CPU was asked for."""
    return {"CUDA_VISIBLE_DEVICES": "-1"} if settings.device == "cpu" else {}


def _flags(settings: Settings, artifact: Artifact) -> list[str]:
    if not settings.grpc_port:
        raise SettingsError("SERVING_GRPC_PORT is 0: TensorFlow Serving always serves gRPC, give it a port")
    values: dict[str, object] = {
        "port": settings.grpc_port,
        "rest_api_port": settings.rest_port,
        "model_name": settings.model,
        "model_base_path": base_path(settings, artifact),
        "monitoring_config_file": CONFIG / "monitoring.config",
    }
    if not settings.out_of_the_box:
        values["tensorflow_intra_op_parallelism"] = settings.intra_op_threads
        values["tensorflow_inter_op_parallelism"] = settings.workers * settings.threads_per_worker
    return [f"--{name}={value}" for name, value in values.items()]


def _batching(settings: Settings) -> list[str]:
    """The batching flags, and the parameters file in the work folder; nothing at a batch size of 1."""
    if settings.batch_size == 1:
        return []
    parameters = settings.work_dir / "batching_parameters.pbtxt"
    threads = settings.workers * settings.threads_per_worker
    parameters.write_text(
        f"max_batch_size {{ value: {settings.batch_size} }}\n"
        f"batch_timeout_micros {{ value: {settings.batch_delay_ms * 1000} }}\n"
        f"num_batch_threads {{ value: {threads} }}\n",
        encoding="utf-8",
    )
    return ["--enable_batching=true", f"--batching_parameters_file={parameters}"]
