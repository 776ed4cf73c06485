"""Real servers answer the golden inputs in every encoding that the registry says they take, by the gate itself."""

from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from comparison import gate
from comparison.deployments import read_registry
from tests.services.flaskrest.serving import serve
from tests.services.tfserving.model_server import running
from tests.services.torchserve.running import start

pytestmark = pytest.mark.slow
LIMIT = str(2**23)
REGISTRY = {deployment.service: deployment for deployment in read_registry(environ={})}
TAKEN = {
    "flask-torchscript": {"json", "base64", "raw"},
    "flask-savedmodel": {"json", "base64", "raw"},
    "flask-null": {"json", "base64", "raw"},
    "torchserve-torchscript": {"json", "base64", "raw", "bytes", "grpc_json"},
    "tfserving-savedmodel": {"json", "base64", "tensor", "bytes"},
    "tfserving-frozen-graph": {"json", "base64", "tensor", "bytes"},
}


@dataclass(frozen=True)
class Reached:
    """All that the gate needs of a server."""

    rest: int
    grpc: int = 0
    addresses: dict[str, str] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "addresses", {n: f"127.0.0.1:{getattr(self, n)}" for n in ("rest", "grpc")})


@contextmanager
def flask(model_dir, format, folder):
    with serve(model_dir, format, folder, max_body_bytes=LIMIT) as server:
        yield Reached(server.port)


@contextmanager
def torchserve(model_dir, format, folder):
    server = start(model_dir, folder)
    try:
        server.wait_ready()
        yield Reached(server.port("REST"), server.port("GRPC"))
    finally:
        server.stop()


@contextmanager
def tfserving(model_dir, format, folder):
    settings = {"MODEL_DIR": str(model_dir), "FORMAT": format, "DEVICE": "cpu"}
    environ = {f"SERVING_{name}": value for name, value in settings.items()}
    with running(folder, module="services.tfserving", PATH="/nowhere", **environ) as server:
        yield Reached(server.rest_port, server.grpc_port)


@pytest.mark.parametrize("service", TAKEN)
def test_every_encoding_answers_the_golden_outputs(service, model_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(model_dir.parent))
    deployment = REGISTRY[service]
    assert set(gate.taken(deployment)) == TAKEN[service]
    serving = {"flask": flask, "torchserve": torchserve, "tfserving": tfserving}[deployment.server]
    with serving(model_dir, deployment.format, tmp_path) as server:
        for endpoint in deployment.endpoints:
            checked = {"": gate.check(endpoint, server)} | gate.check_others(endpoint, server)
            assert checked.keys() == gate.encodings(endpoint).keys()
            for name, found in checked.items():
                assert found.passed, f"{endpoint.name} {name}: {found.reason}"
                assert found.checked == 64
