"""TensorFlow Serving's own client tests over REST, and what its documentation promises."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.slow

PREDICT = "/v1/models/default:predict"
SEVERAL = "/v1/models/several:predict"


def test_predict_rows(all_models):
    assert all_models.post(PREDICT, {"instances": [2.0, 3.0, 4.0]}) == (200, {"predictions": [3.0, 3.5, 4.0]})


def test_predict_columns(all_models):
    assert all_models.post(PREDICT, {"inputs": [2.0, 3.0, 4.0]}) == (200, {"outputs": [3.0, 3.5, 4.0]})


def test_predict_by_input_name(all_models):
    assert all_models.post(PREDICT, {"instances": [{"x": [2.0]}]}) == (200, {"predictions": [[3.0]]})
    assert all_models.post(PREDICT, {"inputs": {"x": [[2.0]]}}) == (200, {"outputs": [[3.0]]})


def test_the_same_shape_again_with_other_numbers(all_models):
    # The second body of a shape takes the fast way; its numbers must not be the first one's.
    body = {"instances": [[1.0, 2.0], [3.0, 4.0]], "signature_name": "matrix"}
    assert all_models.post(SEVERAL, body)[1] == {"predictions": [[2.0, 4.0], [6.0, 8.0]]}
    for value in (2.0, 3, 4.5, -1e-3):
        status, answer = all_models.post(PREDICT, {"instances": [[value]]})
        assert (status, answer) == (200, {"predictions": [[pytest.approx(value / 2 + 2)]]})


def test_several_tensors(all_models):
    rows = {"instances": [{"a": 1.5, "b": 2}, {"a": 20, "b": 3}], "signature_name": "two"}
    assert all_models.post(SEVERAL, rows) == (
        200,
        {"predictions": [{"is_big": False, "sum": 3.5}, {"is_big": True, "sum": 23.0}]},
    )
    columns = {"inputs": {"a": [1.5], "b": [2]}, "signature_name": "two"}
    assert all_models.post(SEVERAL, columns) == (200, {"outputs": {"is_big": [False], "sum": [3.5]}})


def test_strings_and_base64(all_models):
    binary = base64.b64encode(b"\xff\x00ab").decode()
    request = {"instances": ["abc", {"b64": binary}], "signature_name": "text"}
    status, answer = all_models.post(SEVERAL, request)
    assert status == 200
    assert answer["predictions"][0] == {"raw_bytes": {"b64": base64.b64encode(b"abc").decode()}, "upper": "ABC"}
    assert answer["predictions"][1]["raw_bytes"] == {"b64": binary}


def test_infinity_in_an_answer_is_written_as_tensorflow_serving_writes_it(all_models):
    request = {"instances": [0.0, 2.0], "signature_name": "inverse"}
    assert all_models.post(SEVERAL, request) == (200, {"predictions": [float("inf"), 0.5]})


@pytest.mark.parametrize(
    ("path", "version"), [("", 10), ("/versions/2", 2), ("/labels/stable", 2), ("/VERSIONS/10", 10)]
)
def test_versions_and_labels(all_models, path, version):
    answer = all_models.post(f"/v1/models/several{path}:predict", {"instances": [0.0]})
    assert answer == (200, {"predictions": [version]})


def test_classify(all_models):
    request = {"signature_name": "classify_x_to_y", "examples": [{"x": 2.0}]}
    assert all_models.post("/v1/models/default:classify", request) == (200, {"results": [[["", 3.0]]]})


def test_regress(all_models):
    request = {"signature_name": "regress_x_to_y", "examples": [{"x": 2.0}, {"x": [4.0]}]}
    assert all_models.post("/v1/models/default:regress", request) == (200, {"results": [3.0, 4.0]})
    request = {"signature_name": "regress_x_to_y", "context": {"x": 2.0}, "examples": [{}]}
    assert all_models.post("/v1/models/default:regress", request) == (200, {"results": [3.0]})


def test_status(all_models):
    available = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert all_models.get("/v1/models/default") == (200, {"model_version_status": [{"version": "123", **available}]})
    both = [{"version": "10", **available}, {"version": "2", **available}]
    assert all_models.get("/v1/models/several") == (200, {"model_version_status": both})
    assert all_models.get("/v1/models/several/versions/2") == (200, {"model_version_status": both[1:]})
    assert all_models.get("/v1/models/several/labels/stable") == (200, {"model_version_status": both[1:]})


def test_metadata(all_models):
    status, answer = all_models.get("/v1/models/default/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "default", "signature_name": "", "version": "123"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "1", "name": ""}], "unknown_rank": False},
        "name": "x:0",
    }


def test_metrics(all_models):
    assert all_models.post(PREDICT, {"instances": [2.0]})[0] == 200
    url = f"http://127.0.0.1:{all_models.rest_port}/monitoring/prometheus/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        page = answer.read().decode()
    assert "# TYPE :tensorflow:serving:request_count counter" in page
    assert ':tensorflow:serving:request_count{model_name="default",status="OK"}' in page
    assert ':tensorflow:serving:request_latency_count{API="predict",entrypoint="REST",model_name="default"}' in page


def test_gzip(all_models):
    body = gzip.compress(json.dumps({"instances": [2.0]}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert all_models.request("POST", PREDICT, body, headers) == (200, {"predictions": [3.0]})
    assert all_models.request("POST", PREDICT, body[:-4], headers)[0] == 400


def exchange(server, request):
    """Everything that comes back on a connection of its own, until the server closes it."""
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=10) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize(("path", "status"), [("/v1/models/default", b"400"), ("/nowhere", b"404")])
def test_the_answer_to_head_has_no_body(all_models, path, status):
    head, _, body = exchange(
        all_models, f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    ).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert body == b""


def test_a_body_of_two_lengths_is_refused(all_models):
    request = f"POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = exchange(all_models, request.encode() + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":' in answer


def test_what_curl_sends_by_default(all_models):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert all_models.request("POST", PREDICT, b'{"instances": [2.0]}', headers)[0] == 200


REFUSED = {
    "unknown model": ("/v1/models/nope:predict", 404, "Servable not found for request: Latest(nope)"),
    "unknown version": (
        "/v1/models/default/versions/7:predict",
        404,
        "Servable not found for request: Specific(default, 7)",
    ),
    "unknown label": ("/v1/models/several/labels/x:predict", 400, "Unrecognized servable version label: x"),
    "huge version": (
        f"/v1/models/default/versions/{2**63}:predict",
        400,
        f"Failed to convert version: {2**63} to numeric.",
    ),
    "unknown method": ("/v1/models/default:explode", 400, "Malformed request: POST /v1/models/default:explode"),
    "no method": ("/v1/models/default", 400, "Malformed request: POST /v1/models/default"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_paths(all_models, name):
    path, status, text = REFUSED[name]
    assert all_models.post(path, {"instances": [1.0]}) == (status, {"error": text})


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", PREDICT, 400, f"Malformed request: GET {PREDICT}"),
        ("DELETE", "/v1/models/default", 400, "Malformed request: DELETE /v1/models/default"),
        ("GET", "/v1/models/nope", 404, "Could not find any versions of model nope"),
        ("GET", "/v1/models/default/versions/7", 404, "Could not find version 7 of model default"),
        ("GET", "/v1/models/nope/metadata", 404, "Servable not found for request: Latest(nope)"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/", 404, "Not found: GET /"),
    ],
)
def test_refused_methods(all_models, method, path, status, text):
    assert all_models.request(method, path) == (status, {"error": text})


@pytest.mark.parametrize(
    ("action", "request_body", "text"),
    [
        (
            "predict",
            {"instances": [1.0], "signature_name": "foo"},
            'Serving signature name: "foo" not found in signature def',
        ),
        ("regress", {"examples": [{"x": 2.0}], "signature_name": "foo"}, "No signature was found with the name: foo"),
        ("regress", {"examples": [7]}, "Example must be JSON object but got JSON Number"),
        ("regress", {"examples": [{"x": [1.0, "a"]}]}, "Unexpected element type in feature: x expecting type: float"),
        ("regress", {"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type: Null"),
    ],
)
def test_refused_bodies(all_models, action, request_body, text):
    assert all_models.post(f"/v1/models/default:{action}", request_body) == (400, {"error": text})
    assert all_models.post(PREDICT, {"instances": [2.0]})[0] == 200


def test_many_connections_at_once(all_models):
    values = [float(i) for i in range(200)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda v: all_models.post(PREDICT, {"instances": [v]}), values))
    assert answers == [(200, {"predictions": [v / 2 + 2]}) for v in values]
