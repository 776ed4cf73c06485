"""Labelled samples, asked of a live endpoint; and a server that computes in another precision than it was asked to."""

import json
import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from serveoff.errors import ServerFailed
from serveoff.measure.audit import labelled_answers
from serveoff.measure.audit.labelled_answers import ask, check_precision
from serveoff.models.golden import Golden, write_golden
from serveoff.models.manifest import MANIFEST_NAME, Manifest, digest
from serveoff.models.quality.labelled import LABELLED_NAME, write_labelled
from serveoff.models.zoo import load_spec
from serveoff.record.problems import StartCode
from serveoff.services.registry import Deployment, read_registry

FLASK = next(d for d in read_registry(environ={}) if d.name == "flask-tuned-onnx")
ROWS = 30


class ClassZero(BaseHTTPRequestHandler):
    """Calls every picture a 0, and refuses those that begin with a bright pixel."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        (image,) = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["instances"]
        refused = image[0][0][0] > 0.5
        answer = json.dumps({"predictions": [[1.0] + [0.0] * 9]}).encode()
        self.send_response(500 if refused else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


@dataclass(frozen=True)
class Running:
    deployment: Deployment
    addresses: dict[str, str]
    log: Path = Path("server.log")


@pytest.fixture
def served():
    server = ThreadingHTTPServer(("127.0.0.1", 0), ClassZero)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Running(FLASK, {"rest": f"127.0.0.1:{server.server_port}"})
    server.shutdown()
    server.server_close()


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Makes the model's folder, with these labels or none."""
    folder = tmp_path / "digits_cnn"
    folder.mkdir()
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))

    def make(labels, bright=()):
        images = np.zeros((ROWS, 28, 28, 1), np.float32)
        images[list(bright), 0, 0] = 1.0
        write_golden(folder, Golden({"image": images}, {"probabilities": np.zeros((ROWS, 10), np.float32)}))
        if labels is not None:
            write_labelled(folder, {"image": images}, np.asarray(labels))
        manifest = Manifest(
            model="digits_cnn",
            fingerprint="",
            spec=load_spec("digits_cnn"),
            trained_with="",
            parameters=0,
            golden_sha256="",
            labelled_sha256="" if labels is None else digest(folder / LABELLED_NAME),
            artifacts={},
        )
        (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())

    return make


def test_each_sample_is_right_or_wrong(served, model):
    model([0] * 10 + [1] * 20)
    found = ask(FLASK.endpoints[0], served)
    assert (found.samples, len(found.right), sum(found.right)) == (ROWS, ROWS, 10)


def test_every_endpoint_is_asked_for_the_same_ones_in_the_same_order(served, model):
    model(np.arange(ROWS) % 2)
    assert ask(FLASK.endpoints[0], served) == ask(FLASK.endpoints[0], served)


def test_a_model_without_labels_is_asked_for_nothing(served, model):
    model(None)
    assert ask(FLASK.endpoints[0], served) is None


def test_an_endpoint_that_refuses_one_has_no_accuracy(served, model):
    model([0] * ROWS, bright=[7])
    assert ask(FLASK.endpoints[0], served) is None


def test_a_slow_endpoint_is_asked_for_a_first_part(served, model, monkeypatch):
    model([0] * ROWS)
    monkeypatch.setattr(labelled_answers, "MOST_S", 0.0)
    found = ask(FLASK.endpoints[0], served)
    assert (found.samples, found.right) == (ROWS, [True])


def test_a_server_that_computes_otherwise_than_it_was_asked_to_cannot_be_measured(served):
    lower = replace(FLASK, environment={"SERVING_PRECISION": "int8"})
    check_precision(replace(served, deployment=lower), "int8")
    check_precision(served, "")
    with pytest.raises(ServerFailed, match="computes in the artifact's own precision; requested: int8") as failed:
        check_precision(replace(served, deployment=lower), "")
    assert failed.value.problem.code is StartCode.MISBEHAVED
    with pytest.raises(ServerFailed, match="computes in int8; requested: the artifact's own precision"):
        check_precision(served, "int8")
