"""Real servers answer the golden inputs in every encoding that the registry says they take, by the gate itself."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from serveoff.measure import agreement_gate
from serveoff.services.registry import read_registry
from tests.services import two_tensors
from tests.services.flaskapp.test_server import COMMAND as PLAIN
from tests.services.flaskrest.serving import COMMAND as TUNED
from tests.services.flaskrest.serving import serve
from tests.services.tfserving.model_server import running
from tests.services.torchserve.running import start
from tests.services.two_tensors_artifacts import write_model

LIMIT = str(2**23)
REGISTRY = {deployment.service: deployment for deployment in read_registry(environ={})}
TAKEN = {
    "flask-torchscript": {"json"},
    "flask-savedmodel": {"json"},
    "flask-tuned-torchscript": {"json", "base64", "raw"},
    "flask-tuned-savedmodel": {"json", "base64", "raw"},
    "flask-tuned-null": {"json", "base64", "raw"},
    "torchserve-torchscript": {"json", "base64", "raw", "bytes", "grpc_json"},
    "tfserving-savedmodel": {"json", "base64", "tensor", "bytes"},
    "tfserving-frozen-graph": {"json", "base64", "tensor", "bytes"},
}
IN_EVERY_RUN = ("flask-tuned-savedmodel", "tfserving-savedmodel")
"""Of those that serve an imported model: no other test has these two take it in every encoding."""


@dataclass(frozen=True)
class Reached:
    """All that the gate needs of a server."""

    rest: int
    grpc: int = 0
    addresses: dict[str, str] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "addresses", {n: f"127.0.0.1:{getattr(self, n)}" for n in ("rest", "grpc")})


@contextmanager
def flask(model_dir, format, folder, command=PLAIN):
    with serve(model_dir, format, folder, command, model=model_dir.name, max_body_bytes=LIMIT) as server:
        yield Reached(server.port)


@contextmanager
def torchserve(model_dir, format, folder):
    server = start(model_dir, folder, MODEL=model_dir.name)
    try:
        server.wait_ready()
        yield Reached(server.port("REST"), server.port("GRPC"))
    finally:
        server.stop()


@contextmanager
def tfserving(model_dir, format, folder):
    settings = {"MODEL": model_dir.name, "MODEL_DIR": str(model_dir), "FORMAT": format, "DEVICE": "cpu"}
    environ = {f"SERVING_{name}": value for name, value in settings.items()}
    with running(folder, module="serveoff.services.tfserving", PATH="/nowhere", **environ) as server:
        yield Reached(server.rest_port, server.grpc_port)


SERVING = {
    "flask": flask,
    "flask-tuned": partial(flask, command=TUNED),
    "torchserve": torchserve,
    "tfserving": tfserving,
}


def answers_golden(deployment, model_dir, folder, rows):
    with SERVING[deployment.server](model_dir, deployment.format, folder) as server:
        for endpoint in deployment.endpoints:
            checked = {"": agreement_gate.check(endpoint, server)} | agreement_gate.check_others(endpoint, server)
            assert checked.keys() == agreement_gate.encodings(endpoint).keys()
            for name, found in checked.items():
                assert found.passed, f"{endpoint.name} {name}: {found.reason}"
                assert found.checked == rows


@pytest.mark.parametrize("service", TAKEN)
def test_each_service_takes_its_encodings(service):
    assert set(agreement_gate.taken(REGISTRY[service])) == TAKEN[service]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("service", TAKEN)
def test_every_encoding_answers_the_golden_outputs(service, model_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(model_dir.parent))
    answers_golden(REGISTRY[service], model_dir, tmp_path, rows=64)


@pytest.fixture(scope="module")
def imported_dir(tmp_path_factory):
    """Two inputs and two outputs, of floats and of integers."""
    return write_model(tmp_path_factory.mktemp("imported"), ("torchscript", "savedmodel"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "service",
    [s if s in IN_EVERY_RUN else pytest.param(s, marks=pytest.mark.long) for s in TAKEN if "frozen" not in s],
)
def test_every_encoding_takes_several_inputs_of_an_imported_model(service, imported_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(imported_dir.parent))
    (deployment,) = (d for d in read_registry(environ={"MODEL": two_tensors.NAME}) if d.service == service)
    assert deployment.model == two_tensors.NAME
    answers_golden(deployment, imported_dir, tmp_path, rows=5)
