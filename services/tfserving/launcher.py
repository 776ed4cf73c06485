"""A model server's command and environment: `config/start.sh` makes its flags of the SERVING_* settings.

The same script is the entry point of TensorFlow Serving's container, whose image has no Python. TensorFlow Serving has
no flag for the address that it listens on: it binds 0.0.0.0, so on a shared machine it is the firewall's task to keep
others out. `--host` and the limits of a body are given to the embedded server only.
"""

import shutil
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from serveoff.services.settings import PREFIX, Settings, SettingsError
from serveoff.services.tfserving import BINARY

BASE_PATHS = {"savedmodel": "savedmodel", "frozen_graph": "frozen_graph/serving"}
"""Below the model's folder: the folder that holds version directories. A bare frozen graph cannot be loaded by
TensorFlow Serving, so its artifact carries a wrapping as a SavedModel."""

CONFIG = Path(__file__).parent / "config"
"""TensorFlow Serving's own files; containers have this folder at /config."""


def command(flags: Sequence[str] = ()) -> list[str]:
    """The command that becomes the server; flags that are given go over those of the settings."""
    return ["/bin/sh", str(CONFIG / "start.sh"), *flags]


def check_ports(settings: Settings) -> None:
    """SettingsError for a port that is taken: TensorFlow Serving would go on without REST."""
    for name in ("grpc_port", "rest_port"):
        port = getattr(settings, name)
        try:
            socket.create_server(("", port)).close()
        except OSError as error:
            raise SettingsError(f"{PREFIX}{name.upper()} is {port}: {error.strerror}") from None


def environment(settings: Settings) -> dict[str, str]:
    """What `command` needs besides our own environment; SettingsError for what TensorFlow Serving cannot serve.

    No GPU is visible where the CPU was asked for.
    """
    if settings.format not in BASE_PATHS:
        served = ", ".join(BASE_PATHS)
        raise SettingsError(f"SERVING_FORMAT is {settings.format!r}: TensorFlow Serving serves {served}")
    if settings.precision:
        raise SettingsError(
            f"SERVING_PRECISION is {settings.precision!r}: TensorFlow Serving computes as the model says"
        )
    if not settings.grpc_port:
        raise SettingsError("SERVING_GRPC_PORT is 0: TensorFlow Serving always serves gRPC, give it a port")
    base_path = settings.model_dir.absolute() / BASE_PATHS[settings.format]
    return {
        **{f"{PREFIX}{name.upper()}": str(value) for name, value in asdict(settings).items()},
        f"{PREFIX}BASE_PATH": str(base_path),
        f"{PREFIX}EMBEDDED": "" if shutil.which(BINARY) else sys.executable,
        **({"CUDA_VISIBLE_DEVICES": "-1"} if settings.device == "cpu" else {}),
    }
