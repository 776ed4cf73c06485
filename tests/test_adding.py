"""Adding a format, a server, a payload or a claim to a copy of the tree: which files that takes, and that it works.

CONTRIBUTING says it in "Add a thing".
"""

import json
from pathlib import Path

import pytest

from tests.services import two_tensors
from tests.tree_copy import Tree, copy_tree
from tests.uncompiled import NO_COMPILER

pytestmark = pytest.mark.slow

BLOCKS = "  flask-tuned-null:\n"
"""The head of a block of docker-compose.yml; others are put before it."""

FORMAT = '''"""TorchScript under another name."""

from serveoff.models.formats.torchscript import FRAMEWORK, SERVED, export, load
'''
FORMAT_BLOCK = """  flask-again:
    <<: [*flask, *flask-torch]
    environment: {<<: *environment, SERVING_FORMAT: again, SERVING_REST_PORT: "8501"}
    labels: {<<: *flask-labels, serving.format: again}

"""

SERVER = '''"""A model behind Python's own HTTP server, at a URL of its own."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from serveoff.services.runtimes import load_runtime
from serveoff.services.settings import Settings

SETTINGS = Settings.from_env(os.environ)
RUNTIME = load_runtime(SETTINGS)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"status": "ready"})

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["instances"]
        if self.path != f"/score/{SETTINGS.model}":
            self.answer(404, {"error": "no such model"})
            return
        batch = {t.name: np.array([row[t.name] for row in rows], t.dtype) for t in RUNTIME.spec.inputs}
        columns = {name: array.tolist() for name, array in RUNTIME.predict(batch).items()}
        self.answer(200, {"predictions": [dict(zip(columns, row)) for row in zip(*columns.values())]})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer((SETTINGS.host, SETTINGS.rest_port), Handler).serve_forever()
'''
SERVER_BLOCK = """  plain-torchscript:
    <<: *flask-torch
    command: ["python", "-m", "serveoff.services.plain"]
    environment: {<<: *environment, SERVING_FORMAT: torchscript, SERVING_REST_PORT: "8501"}
    labels:
      serving.server: plain
      serving.format: torchscript
      serving.model: ${MODEL:-digits_cnn}
      serving.protocols: rest
      serving.launcher: serveoff.services.plain
      serving.path: /score/${MODEL:-digits_cnn}
      serving.port.rest: "8501"
      serving.ready: rest/
      serving.ready-match: ready

"""

PAYLOAD = '''"""`json_rows` with white space."""

import orjson

from serveoff.loadtests.payloads import json_rows
from serveoff.loadtests.payloads.json_rows import decode, headers

kind = "spaced JSON"
method = ""


def encode(spec, batch):
    return orjson.dumps(orjson.loads(json_rows.encode(spec, batch)), option=orjson.OPT_INDENT_2)
'''

CLAIM = '''"""C11: a claim of nobody."""

from serveoff.analyse.claims.pairs import find
from serveoff.analyse.claims.ruling import Exhibit, rule

CLAIM = "Flask serves TorchScript"
RULE = "confirmed where a run has such an endpoint."
MEASURE = "serveoff run flask-torchscript"


def study(evidence, suite):
    served = find(evidence, "flask", "torchscript")
    return rule([Exhibit("PyTorch", "it was measured", speaks="for")] if served else [])
'''

ASK = """
import json, subprocess, sys
from pathlib import Path
from serveoff.measure.agreement_gate import check
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.measure.runtimes.host_client import LOCUSTFILE
from serveoff.measure.runtimes.local import LocalRuntime
from serveoff.models.isolation import isolated
from serveoff.services.registry import read_registry

name, payload = sys.argv[1:]
runtime = LocalRuntime(CpuPlan((), ()), Path("servers").absolute(), {})
deployment, _ = runtime.resolve(find_deployment(read_registry(), name))
(endpoint,) = deployment.endpoints
server = runtime.start(deployment)
try:
    wait_ready(server)
    gate = check(endpoint, server, payload)
    port = int(server.addresses["rest"].rpartition(":")[2])
    told = {"name": endpoint.name, "protocol": "rest", "host": "127.0.0.1", "port": port, "path": deployment.path}
    asked = {"endpoint": endpoint.name, "load": "1/" + payload if payload else "1"}
    commands = [
        {"command": "endpoint", "target": {"model": deployment.model, "format": deployment.format, **told}},
        {"command": "slice", "lead_in_s": 0.1, "duration_s": 0.5, **asked},
    ]
    locust = isolated("locust", "-f", str(LOCUSTFILE), "--headless", "--commands")
    done = subprocess.run(locust, input="\\n".join(map(json.dumps, commands)) + "\\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
finally:
    runtime.stop([server])
    runtime.close()
print(json.dumps([gate.model_dump(), json.loads(done.stdout.splitlines()[-1])["window"]]))
"""
"""Start a deployment, hold every golden answer against the expected one, and load-test it for half a second."""

WRITE_MODEL = """
import sys
from pathlib import Path
from tests.services.two_tensors_artifacts import write_model
write_model(Path(sys.argv[1]))
"""

WRITE_RUN = """
import sys
from pathlib import Path
from tests.serveoff.synthetic import Scenario, write_run
write_run(Path(sys.argv[1]), Scenario(only=("flask-torchscript-rest", "inprocess-torchscript")))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return copy_tree(tmp_path)


def assert_serves(tree: Tree, name: str, payload: str = "", *, model: str, artifacts: Path) -> None:
    """A deployment of the copy answers every golden input rightly, to us and to Locust."""
    environ = {"SERVEOFF_ARTIFACTS": str(artifacts), "SERVEOFF_STATE": str(tree.work / "state"), "MODEL": model}
    assert f"{name}-rest" in tree.python("-m", "serveoff", "list", **environ)
    gate, window = json.loads(tree.python("-c", ASK, name, payload, **environ).splitlines()[-1])
    assert gate["passed"], gate["reason"]
    assert gate["checked"] >= 5
    assert window["answers_checked"] > 0
    assert (window.get("wrong_answers", 0), window.get("errors", 0)) == (0, 0)


@pytest.fixture
def artifacts(tree: Tree, tmp_path: Path) -> Path:
    """A model that only has a TorchScript artifact, as an import of one that converts to nothing else leaves it."""
    tree.python("-c", WRITE_MODEL, str(tmp_path / "artifacts"))
    return tmp_path / "artifacts"


@pytest.mark.timeout(900)
def test_a_format_is_one_file_and_its_deployments_a_block_each(tree, tmp_path):
    tree.add("models/formats/again.py", FORMAT)
    tree.change("docker-compose.yml", BLOCKS, FORMAT_BLOCK + BLOCKS)
    assert tree.differs() == {"models/formats/again.py", "docker-compose.yml"}
    environ = {"SERVEOFF_ARTIFACTS": str(tmp_path / "artifacts"), **NO_COMPILER}
    tree.python("-m", "serveoff.models", "export", "tabular_mlp", **environ)
    manifest = json.loads((tmp_path / "artifacts" / "tabular_mlp" / "manifest.json").read_text())
    assert "again" in manifest["artifacts"], "the export has held each artifact against the golden answers"
    assert_serves(tree, "flask-again", model="tabular_mlp", artifacts=tmp_path / "artifacts")


def test_a_server_with_a_url_of_its_own_is_one_folder_and_a_block(tree, artifacts):
    tree.add("services/plain/__main__.py", SERVER)
    tree.add("services/plain/__init__.py", "")
    tree.change("docker-compose.yml", BLOCKS, SERVER_BLOCK + BLOCKS)
    assert tree.differs() == {"services/plain/__main__.py", "services/plain/__init__.py", "docker-compose.yml"}
    assert_serves(tree, "plain-torchscript", model=two_tensors.NAME, artifacts=artifacts)


def test_a_payload_is_one_file_and_a_word_in_the_labels_of_those_who_take_it(tree, artifacts):
    tree.add("loadtests/payloads/json_spaced.py", PAYLOAD)
    tree.change("docker-compose.yml", "payloads.rest: json_base64,raw_tensor", "payloads.rest: json_spaced,raw_tensor")
    assert tree.differs() == {"loadtests/payloads/json_spaced.py", "docker-compose.yml"}
    assert_serves(tree, "flask-torchscript", "json_spaced", model=two_tensors.NAME, artifacts=artifacts)


def test_a_claim_is_one_file(tree, tmp_path):
    tree.add("serveoff/analyse/claims/c11_of_nobody.py", CLAIM)
    assert tree.differs() == {"serveoff/analyse/claims/c11_of_nobody.py"}
    folders = {"SERVEOFF_RESULTS": str(tmp_path / "results"), "SERVEOFF_REPORTS": str(tmp_path / "reports")}
    tree.python("-c", WRITE_RUN, str(tmp_path / "results" / "20260101T000000Z"))
    tree.python("-m", "serveoff", "report", "20260101T000000Z", **folders)
    (report,) = tmp_path.glob("reports/*/report.md")
    (line,) = (line for line in report.read_text().splitlines() if "Flask serves TorchScript" in line and "|" in line)
    assert "C11" in line
    assert "confirmed" in line
