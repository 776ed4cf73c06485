"""Settings that every server of ours reads from the environment, the same in a process and in a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from serveoff.services import body_limit

PREFIX = "SERVING_"


class SettingsError(ValueError):
    """A setting is missing or not usable; the message names the variable, its value and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """One server's settings. Field `rest_port` is the variable `SERVING_REST_PORT`, and so on.

    model_dir holds manifest.json and a folder per format. Ports of 0 mean: not served.
    """

    model_dir: Path
    format: str
    model: str = "digits_cnn"
    host: str = "127.0.0.1"
    rest_port: int = 8501
    grpc_port: int = 0
    management_port: int = 0
    metrics_port: int = 0
    work_dir: Path = Path("/tmp")
    device: str = "auto"
    intra_op_threads: int = 1
    workers: int = 1
    threads_per_worker: int = 1
    request_threads: int = 64
    """How many calls TensorFlow Serving takes at once, over gRPC and over REST each."""
    max_body_bytes: int = body_limit.LEAST_BYTES
    """Where the environment does not say it, as much as the model's rows and answers need."""
    batch_size: int = 1
    batch_delay_ms: int = 0
    warmup: int = 1
    """0: the model is loaded, but its first calls are left to the first requests."""
    precision: str = ""
    """A lower precision to compute in (serveoff.models.quality.precision); empty: the artifact's own."""
    out_of_the_box: int = 0
    """1: numbers of threads, logging and what else servers choose for themselves are left to them; then 0 threads
    means as many as the framework or the server chooses."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read SERVING_* variables; SettingsError names the first one that is wrong."""
        values = {
            field.name: _parse(field.name, environ[PREFIX + field.name.upper()], type_name=str(field.type))
            for field in fields(cls)
            if environ.get(PREFIX + field.name.upper(), "") != ""
        }
        for required in ("model_dir", "format"):
            if required not in values:
                raise SettingsError(f"{PREFIX}{required.upper()} is not set")
        if "max_body_bytes" not in values:
            values["max_body_bytes"] = body_limit.of_model(values["model_dir"])
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.device not in ("auto", "cpu", "cuda"):
            raise SettingsError(f"SERVING_DEVICE is {self.device!r}: use auto, cpu or cuda")
        for name in (
            *("intra_op_threads", "workers", "threads_per_worker", "request_threads"),
            *("max_body_bytes", "batch_size"),
        ):
            least = 0 if self.out_of_the_box and "threads" in name else 1
            if getattr(self, name) < least:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}: use {least} or more")


def _parse(name: str, text: str, type_name: str) -> Any:
    if type_name == "Path":
        return Path(text)
    if type_name != "int":
        return text
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{PREFIX}{name.upper()} is {text!r}: use a whole number") from None
