"""Real servers answer a model's golden pictures in every encoding, files among them: decoded there as they are here."""

import os
import subprocess
import sys

import psutil
import pytest

from serveoff.measure import agreement_gate
from serveoff.models.spec import REPOSITORY, artifacts_root
from serveoff.services.registry import read_registry
from tests.bad_inputs import Case, send
from tests.services.test_encodings import SERVING, TAKEN, answers_golden

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]
MODEL = "efficientnet_lite0"
PICTURES = 16
REGISTRY = {deployment.service: deployment for deployment in read_registry(environ={"MODEL": MODEL})}
IN_JSON, ALONE, OVER_GRPC = {"jpeg", "png"}, {"jpeg_file", "png_file"}, {"grpc_jpeg", "grpc_png"}
OF_SERVER = {
    "flask": set(),
    "flask-tuned": IN_JSON | ALONE,
    "torchserve": IN_JSON | ALONE | OVER_GRPC,
    "tfserving": IN_JSON | OVER_GRPC,
}
FILES = {service: OF_SERVER[REGISTRY[service].server] for service in TAKEN}
BROKEN = b'{"signature_name": "serving_image", "instances": [{"b64": "bm8gaW1hZ2U="}]}'


@pytest.fixture(scope="module")
def image_dir():
    """The checkout's exported model, brought up to date first."""
    command = [sys.executable, "-m", "serveoff.models", "export", MODEL]
    result = subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return artifacts_root() / MODEL


@pytest.mark.parametrize("service", TAKEN)
def test_every_encoding_answers_the_golden_pictures(service, image_dir, tmp_path):
    assert set(agreement_gate.taken(REGISTRY[service])) == TAKEN[service] | FILES[service]
    answers_golden(REGISTRY[service], image_dir, tmp_path, rows=PICTURES)


@pytest.mark.parametrize(
    "service", ["flask-torchscript", "flask-tuned-torchscript", "torchserve-torchscript", "tfserving-savedmodel"]
)
def test_bytes_that_are_no_image_are_refused_and_the_same_processes_go_on(service, image_dir, tmp_path):
    deployment = REGISTRY[service]
    (endpoint,) = (endpoint for endpoint in deployment.endpoints if endpoint.protocol == "rest")
    path = f"/v1/models/{MODEL}:predict"
    good = Case("good", (200,), agreement_gate.body_of(endpoint, "json_png"), path)
    with SERVING[deployment.server](image_dir, deployment.format, tmp_path) as server:
        assert send("127.0.0.1", server.rest, good).status == 200
        serving = processes()
        refused = send("127.0.0.1", server.rest, Case("broken", (400,), BROKEN, path))
        assert refused.status == 400, refused.body
        assert send("127.0.0.1", server.rest, good).status == 200
        assert processes() == serving, "no worker died of it and was replaced"


def processes():
    """All that this test started."""
    return {process.pid for process in psutil.Process().children(recursive=True)}
