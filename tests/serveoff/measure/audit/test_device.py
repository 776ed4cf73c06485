"""Where a deployment computes, by its own word: each server's answer or log, as it was read from the real one."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from serveoff.measure.audit.reported_settings import read_device
from serveoff.services.registry import read_registry

FLASK = '{"status":"ready","server":"flask","device":"%s","framework":"torch"}'
TORCHSERVE = """[{"deviceType": "gpu", "workers": [{"id": "9000", "status": "READY", "gpu": true}],
 "customizedMetadata": {
      "device": "%s"
    }}]"""
GPU_LINE = (
    "2025-09-02 10:14:31.102883: I external/org_tensorflow/tensorflow/core/common_runtime/gpu/gpu_device.cc:2019] "
    "Created device /job:localhost/replica:0/task:0/device:GPU:0 with 13764 MB memory:  -> device: 0, name: Tesla T4, "
    "pci bus id: 0000:00:04.0, compute capability: 7.5\n"
)
EMBEDDED = '2025-09-02 10:14:31 I serveoff-settings {"intra_op_threads": 1, "device": "%s"}\n'
EMBEDDED_CPU = EMBEDDED % "cpu"
FELL_BACK = (
    "W tensorflow/core/common_runtime/gpu/gpu_device.cc:2251] Cannot dlopen some GPU libraries. Skipping registering "
    "GPU devices...\n"
)


@dataclass(frozen=True)
class Answering:
    """A deployment of the registry, as if it ran: one HTTP server for all its ports, and a log."""

    deployment: object
    addresses: dict[str, str]
    log: Path


@pytest.fixture
def answer(tmp_path) -> Iterator[object]:
    said = SimpleNamespace(body="", status=200, paths=[])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.paths.append(self.path)
            self.send_response(said.status)
            self.end_headers()
            self.wfile.write(said.body.encode())

        def log_message(self, *_) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def running(name: str, body: str = "", log: str = "", status: int = 200) -> Answering:
        said.body, said.status = body, status
        (tmp_path / "log").write_text(log)
        deployment = next(d for d in read_registry(environ={}) if d.name == name)
        port = said.port if hasattr(said, "port") else server.server_port
        return Answering(deployment, dict.fromkeys(deployment.ports, f"127.0.0.1:{port}"), tmp_path / "log")

    running.said = said
    yield running
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("device", ["cpu", "cuda:0", "cpu+cuda:0"])
def test_flask_says_it_in_its_readiness(answer, device):
    assert read_device(answer("flask-keras-eager", FLASK % device)) == device
    assert answer.said.paths == ["/readyz"]


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_a_torchserve_worker_says_it_by_the_management_api(answer, device):
    assert read_device(answer("torchserve-torchscript", TORCHSERVE % device)) == device
    assert answer.said.paths == ["/models/digits_cnn?customized=true"]


@pytest.mark.parametrize(
    ("log", "device"),
    [(GPU_LINE, "cuda:0"), (EMBEDDED_CPU, "cpu"), (EMBEDDED % "cuda:0", "cuda:0"), (FELL_BACK, "cpu"), ("", "cpu")],
    ids=["GPU", "embedded CPU", "embedded GPU", "fell back", "silent"],
)
def test_tensorflow_serving_logs_each_gpu_that_it_opens(answer, log, device):
    assert read_device(answer("tfserving-savedmodel", log=log)) == device


@pytest.mark.parametrize(
    ("body", "status"), [("{}", 200), ("", 200), (FLASK % "cuda:0", 503), ("\0\xff", 200)], ids=str
)
def test_a_server_that_does_not_say_has_no_known_device(answer, body, status):
    assert read_device(answer("flask-torchscript", body, status=status)) is None


def test_a_server_that_is_gone_has_no_known_device(answer):
    answer.said.port = 1
    assert read_device(answer("flask-torchscript")) is None


def test_a_log_that_is_gone_is_no_cpu(answer):
    server = answer("tfserving-savedmodel", log="x")
    server.log.unlink()
    assert read_device(server) is None


def test_every_served_deployment_of_the_registry_has_a_way_to_say_it():
    for deployment in read_registry(environ={}):
        if deployment.server != "inprocess":  # a floor says it in its first event
            assert bool(deployment.device and deployment.device_match) != bool(deployment.device_log), deployment.name
