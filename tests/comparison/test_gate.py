import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from comparison.deployments import read_registry
from comparison.gate import check, check_others, encodings, judge, payload_kind, taken
from comparison.plan import PROFILES, make_plan

EXPECTED = np.eye(10, dtype=np.float32)[:8] * 0.9


def test_equal_answers_pass():
    gate = judge(EXPECTED.copy(), EXPECTED)
    assert gate.passed
    assert (gate.checked, gate.max_abs_error, gate.top1_agreement, gate.reason) == (8, 0.0, 1.0, "")


def test_rounding_passes_and_a_real_difference_does_not():
    assert judge(EXPECTED + np.float32(5e-6), EXPECTED).passed
    wrong = EXPECTED.copy()
    wrong[3, 7] += 2e-5
    gate = judge(wrong, EXPECTED)
    assert not gate.passed
    assert gate.reason.startswith("golden input 3: absolute error 2e-05")


def test_another_class_fails_however_small_the_error():
    close = np.array([[0.500001, 0.499999]], np.float32)
    gate = judge(close[:, ::-1].copy(), close)
    assert gate.max_abs_error < 1e-5
    assert not gate.passed
    assert gate.top1_agreement == 0.0


def test_nan_fails():
    wrong = EXPECTED.copy()
    wrong[2, 2] = np.nan
    gate = judge(wrong, EXPECTED)
    assert not gate.passed
    assert gate.max_abs_error is None


def test_another_shape_fails():
    gate = judge(EXPECTED[:, :9], EXPECTED)
    assert not gate.passed
    assert "answers have shape (8, 9)" in gate.reason


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("flask-null-rest", "json"),
        ("torchserve-torchscript-grpc", "bytes"),
        ("tfserving-savedmodel-grpc", "tensor"),
        ("inprocess-torchscript", "array"),
    ],
)
def test_each_endpoint_says_what_its_requests_carry(endpoint, kind):
    plan = make_plan(read_registry(environ={}), [endpoint], PROFILES["quick"])
    assert payload_kind(plan.endpoints[0]) == kind


def test_an_endpoint_says_which_encodings_it_takes_and_a_deployment_over_all_its_protocols():
    plan = make_plan(read_registry(environ={}), ["torchserve-torchscript"], PROFILES["quick"])
    rest, grpc = plan.endpoints
    assert encodings(rest) == {"": "json", "json_base64": "base64", "raw_tensor": "raw"}
    assert encodings(grpc) == {"": "bytes", "grpc_torchserve_json": "grpc_json"}
    assert taken(rest.deployment) == ["json", "base64", "raw", "bytes", "grpc_json"]


class JsonAndWrongBytes(BaseHTTPRequestHandler):
    """Answers a JSON list with zeros, raw bytes with ones, and refuses base64."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        raw = self.headers["Content-Type"] == "application/octet-stream"
        refused = not raw and "signature_name" in json.loads(body)
        answer = np.ones(10, "<f4").tobytes() if raw else json.dumps({"predictions": [[0.0] * 10]}).encode()
        answer = b'{"error": "no base64 here"}' if refused else answer
        self.send_response(400 if refused else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


@dataclass
class Reached:
    addresses: dict


@pytest.fixture
def refusing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), JsonAndWrongBytes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Reached({"rest": f"127.0.0.1:{server.server_port}"})
    server.shutdown()
    server.server_close()


def test_each_encoding_has_a_gate_of_its_own(refusing, model_dir, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(model_dir.parent))
    (null,) = make_plan(read_registry(environ={}), ["flask-null"], PROFILES["quick"]).endpoints
    assert check(null, refusing).passed
    found = check_others(null, refusing)
    assert not any(gate.passed for gate in found.values())
    assert found["json_base64"].reason == 'golden input 0: status 400: {"error": "no base64 here"}'
    assert found["raw_tensor"].max_abs_error == 1.0
