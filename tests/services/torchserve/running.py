"""A TorchServe of the tests' own: started as the runner starts it, on free ports, in a process group of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil

from serveoff.models.spec import REPOSITORY
from tests.ports import free_ports
from tests.waiting import wait_until

MODEL = "digits_cnn"
PORTS = ("REST", "GRPC", "MANAGEMENT", "METRICS")
PREDICTIONS = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"
START_S = 90.0
STOP_S = 10.0
"""The contract: after SIGTERM the server and all its processes are gone within this time."""


@dataclass(frozen=True)
class Running:
    """One launcher with its environment; ports by name."""

    process: subprocess.Popen[bytes]
    environ: dict[str, str]
    log: Path

    def port(self, name: str) -> int:
        return int(self.environ[f"SERVING_{name}_PORT"])

    def get(self, port: str, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port(port)}{path}", timeout=10) as response:
            return response.read().decode()

    @property
    def model(self) -> str:
        return self.environ["SERVING_MODEL"]

    def workers(self) -> list[dict]:
        return json.loads(self.get("MANAGEMENT", f"/models/{self.model}"))[0]["workers"]

    def family(self) -> list[psutil.Process]:
        """The launcher, the frontend and its workers."""
        launcher = psutil.Process(self.process.pid)
        return [launcher, *launcher.children(recursive=True)]

    def healthcheck(self) -> int:
        command = [sys.executable, "-m", "serveoff.services.torchserve.healthcheck"]
        return subprocess.run(command, env=self.environ, cwd=REPOSITORY, timeout=30, check=False).returncode

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            try:
                states = [worker["status"] for worker in self.workers()]
            except OSError:
                return False
            return states.count("READY") == int(self.environ.get("SERVING_WORKERS", "1"))

        wait_until(ready, seconds=START_S)

    def grpc(self, **inputs: bytes) -> bytes:
        """InferenceAPIsService/Predictions, encoded by hand: field 1 the model, field 3 a map of bytes."""
        entries = [_field(3, _field(1, name.encode()) + _field(2, value)) for name, value in inputs.items()]
        with grpc.insecure_channel(f"127.0.0.1:{self.port('GRPC')}") as channel:
            answer = channel.unary_unary(PREDICTIONS)(_field(1, self.model.encode()) + b"".join(entries), timeout=10)
        assert answer[:1] == b"\x0a"  # field 1: the prediction
        length, start = _varint_at(answer, 1)
        return answer[start : start + length]

    def stop(self) -> None:
        """As a careful parent would: SIGTERM, then SIGKILL to the group."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(model_dir: Path, folder: Path, **settings: str) -> Running:
    """Spawn a launcher; `settings` are SERVING_* variables without the prefix."""
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    environ = {
        **os.environ,
        "SERVING_MODEL": MODEL,
        "SERVING_MODEL_DIR": str(model_dir),
        "SERVING_FORMAT": "torchscript",
        "SERVING_WORK_DIR": str(work),
        **{f"SERVING_{name}_PORT": str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)},
        **{f"SERVING_{name}": value for name, value in settings.items()},
    }
    log = folder / "server.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "serveoff.services.torchserve"]
        process = subprocess.Popen(
            command, env=environ, cwd=REPOSITORY, stdout=file, stderr=file, start_new_session=True
        )
    return Running(process, environ, log)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _varint_at(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
