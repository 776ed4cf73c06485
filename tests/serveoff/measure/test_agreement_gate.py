import json
import re
import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from serveoff.measure import agreement_gate
from serveoff.measure.agreement_gate import check, check_others, encodings, payload_kind, taken, unfit
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.models.agreement import compare
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import RequestCode
from serveoff.services.registry import read_registry

EXPECTED = np.eye(10, dtype=np.float32)[:8] * 0.9


def judged(answers, expected=EXPECTED):
    return agreement_gate.judged([compare({"y": answers}, {"y": expected})], {"y": expected})


def test_equal_answers_pass():
    gate = judged(EXPECTED.copy())
    assert gate.passed
    assert (gate.checked, gate.max_abs_error, gate.worst_share) == (8, 0.0, 0.0)
    assert (gate.top1_agreement, gate.problem) == (1.0, None)


def test_rounding_passes_and_a_real_difference_does_not():
    assert judged(EXPECTED + np.float32(5e-6)).passed
    wrong = EXPECTED.copy()
    wrong[3, 7] += 2e-5
    gate = judged(wrong)
    assert not gate.passed
    assert gate.problem.text.startswith(
        "golden input 3: absolute error 2e-05 (2 times what is allowed), top-1 agreement 100"
    )
    assert gate.worst_share == pytest.approx(2, rel=0.01)


def test_another_class_is_said():
    gate = judged(EXPECTED[:, ::-1].copy())
    assert (gate.passed, gate.top1_agreement) == (False, 0.0)
    assert "top-1 agreement 0.0%" in gate.problem.text


def test_nan_fails():
    wrong = EXPECTED.copy()
    wrong[2, 2] = np.nan
    gate = judged(wrong)
    assert not gate.passed
    assert (gate.max_abs_error, gate.worst_share) == (None, None)
    assert gate.problem.text.startswith("golden input 2: an answer that is no number")


def test_in_a_lower_precision_answers_need_not_be_golden_and_must_be_numbers():
    off = EXPECTED[:, ::-1].copy()
    found = [compare({"y": off}, {"y": EXPECTED})]
    gate = agreement_gate.judged(found, {"y": EXPECTED}, golden=False)
    assert (gate.passed, gate.problem, gate.top1_agreement) == (True, None, 0.0)
    assert gate.max_abs_error == pytest.approx(0.9)
    off[2, 2] = np.nan
    gate = agreement_gate.judged([compare({"y": off}, {"y": EXPECTED})], {"y": EXPECTED}, golden=False)
    assert not gate.passed
    assert "an answer that is no number" in gate.problem.text


@pytest.mark.parametrize("shape", [(8,), (8, 1), (8, 4, 4)])
def test_of_outputs_without_classes_no_top_1_is_said(shape):
    expected = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    assert judged(expected.copy(), expected).top1_agreement is None
    gate = judged(expected + 1, expected)
    assert (gate.passed, gate.top1_agreement, gate.max_abs_error) == (False, None, 1.0)
    assert "top-1" not in gate.problem.text


def test_what_is_allowed_is_a_share_of_the_rows_largest_number_and_nothing_for_integers():
    large = np.float32([[1000.0], [0.0]])
    assert judged(large + np.float32([[0.009], [0]]), large).passed
    assert not judged(large + np.float32([[0], [0.009]]), large).passed
    counts = np.array([5, 6])
    gate = judged(np.array([5, 7]), counts)
    assert (gate.passed, gate.max_abs_error, gate.worst_share) == (False, 1.0, None)
    assert gate.problem.text == "golden input 1: absolute error 1 (it must be equal)"


def test_a_gate_of_before_shares_were_recorded_can_still_be_read():
    old = {"passed": True, "checked": 64, "max_abs_error": 3e-8, "top1_agreement": 1.0}
    assert Gate.model_validate(old).worst_share is None


def only(name):
    (endpoint,) = make_plan(read_registry(environ={}), [name], PROFILES["quick"]).endpoints
    return endpoint


def limited(endpoint, limit):
    environment = {**endpoint.deployment.environment, "SERVING_MAX_BODY_BYTES": str(limit)}
    return replace(endpoint, deployment=replace(endpoint.deployment, environment=environment))


def test_requests_beyond_the_servers_limit_are_not_sent_and_it_is_said_why(model_dir, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(model_dir.parent))
    endpoint = only("flask-torchscript-rest")
    assert unfit(endpoint) is unfit(endpoint, rows=32) is None
    small = limited(endpoint, 50_000)
    assert unfit(small) is unfit(small, "raw_tensor") is None
    reason = r"a request of 32 rows has 0\.\d MB, and servers take 0\.1 MB at most \(MAX_BODY_BYTES\)"
    problem = unfit(small, rows=32)
    assert problem.code is RequestCode.TOO_LARGE
    assert re.fullmatch(reason, problem.text)
    assert unfit(limited(endpoint, 10)).text.startswith("a request of one row has 0.0 MB")
    assert unfit(only("inprocess-torchscript"), rows=10**6) is None, "nothing is sent to a floor"


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("flask-tuned-null-rest", "json"),
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
    (null,) = make_plan(read_registry(environ={}), ["flask-tuned-null"], PROFILES["quick"]).endpoints
    assert check(null, refusing).passed
    found = check_others(null, refusing)
    assert not any(gate.passed for gate in found.values())
    assert found["json_base64"].problem.text == 'golden input 0: status 400: {"error": "no base64 here"}'
    assert found["raw_tensor"].max_abs_error == 1.0
