"""What TorchServe answers with our handler, asked over its real REST and gRPC endpoints."""

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from serveoff.loadtests.server_counters import parse_counters
from serveoff.services.torchserve.phase_metrics import PHASES, REQUESTS
from tests.bad_inputs import BODY_LIMIT, GOOD, PREDICT, Case, accepted, cases, echoes_little, send
from tests.services.torchserve.running import start
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
TOLERANCE = 1e-5

FRONTEND = {
    "unknown model": 404,
    "unknown version": 404,
    "version is not a number": 404,
    "unknown path": 404,
    "unknown method of a model": 404,
    "status of an unknown model": 404,
    "long unknown model": 404,
    "long version": 404,
    "long unknown path": 404,
}
"""Refused by TorchServe's Java frontend before any code of ours, in its own words: code, type and message. It repeats
the whole path, of which it takes 4 KB."""

METHOD_IGNORED = {"wrong method": 400, "wrong method, with a body": 200, "long method": 200}
"""The frontend does not look at the HTTP method, nor tells the handler: a GET without a body is an empty body."""


@pytest.fixture(scope="module")
def images(golden):
    return golden.inputs["image"]


@pytest.fixture(scope="module")
def expected(golden):
    return golden.outputs["probabilities"]


def rest(server, body, key="predictions"):
    answer = send("127.0.0.1", server.port("REST"), Case("golden", (200,), json.dumps(body).encode()))
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return np.array(json.loads(answer.body)[key], np.float32)


def raw(batch):
    return {"data": batch.astype("<f4").tobytes(), "shape": ",".join(map(str, batch.shape)).encode()}


@pytest.mark.parametrize("rows", [1, 2])
def test_rest_answers_the_golden_outputs(server, images, expected, rows):
    for first in range(0, 8, rows):
        answer = rest(server, {"instances": images[first : first + rows].tolist()})
        assert np.abs(answer - expected[first : first + rows]).max() <= TOLERANCE


def test_columns_are_answered_as_outputs(server, images, expected):
    answer = rest(server, {"inputs": {"image": images[:2].tolist()}}, key="outputs")
    assert np.abs(answer - expected[:2]).max() <= TOLERANCE


def test_grpc_takes_raw_float32(server, images, expected):
    answer = json.loads(server.grpc(**raw(images[:16])))["predictions"]
    assert np.abs(np.array(answer) - expected[:16]).max() <= TOLERANCE


def test_over_rest_the_header_alone_says_what_the_body_is(server, images):
    body = json.dumps({"instances": images[:1].tolist()}).encode()
    assert send("127.0.0.1", server.port("REST"), Case("", (200,), body, f"{PREDICT}?type=image/jpeg")).status == 200


@pytest.mark.parametrize("name", ["data", "body"])
def test_grpc_takes_json(server, images, expected, name):
    body = json.dumps({"instances": images[:2].tolist()}).encode()
    answer = json.loads(server.grpc(**{name: body}))["predictions"]
    assert np.abs(np.array(answer) - expected[:2]).max() <= TOLERANCE


def test_rest_takes_raw_float32_and_answers_it_to_who_accepts_it(server, images, expected):
    inputs, outputs = images[:3], expected[:3]
    headers = {"Content-Type": "application/octet-stream", "x-tensor-shape": "3,28,28,1"}
    as_json = send("127.0.0.1", server.port("REST"), Case("json", (200,), inputs.tobytes(), headers=headers))
    assert as_json.headers["content-type"] == "application/json"
    assert np.abs(np.array(as_json.json()["predictions"]) - outputs).max() <= TOLERANCE
    accepting = headers | {"Accept": "application/octet-stream"}
    answer = send("127.0.0.1", server.port("REST"), Case("raw", (200,), inputs.tobytes(), headers=accepting))
    said = {name.lower(): value for name, value in answer.headers.items()}
    assert (said["content-type"], said["x-tensor-shape"]) == ("application/octet-stream", "3,10")
    assert np.abs(np.frombuffer(answer.body, "<f4").reshape(3, 10) - outputs).max() <= TOLERANCE


def test_base64_needs_no_signature(server):
    body = json.dumps({"instances": [{"b64": b64encode(bytes(3136)).decode()}]}).encode()
    assert send("127.0.0.1", server.port("REST"), Case("base64", (200,), body)).status == 200


@pytest.mark.parametrize("case", accepted("torchserve"), ids=str)
def test_unusual_requests_that_are_right(server, case):
    answer = send("127.0.0.1", server.port("REST"), case)
    assert answer.status == 200, answer.body
    assert np.shape(answer.json()["predictions"]) == (1, 10)


@pytest.mark.parametrize("case", [c for c in cases("torchserve") if c.name not in METHOD_IGNORED], ids=str)
def test_bad_input_is_refused_at_once(server, case):
    answer = send("127.0.0.1", server.port("REST"), case)
    assert answer.status in case.allowed("torchserve")
    if case.name in FRONTEND:
        assert answer.json()["code"] == FRONTEND[case.name]
        assert answer.json()["message"]
    else:
        assert set(answer.json()) == {"error"}
        assert answer.json()["error"]
        assert echoes_little(answer.body)
    assert send("127.0.0.1", server.port("REST"), GOOD).status == 200


@pytest.mark.parametrize("case", [c for c in cases("torchserve") if c.name in METHOD_IGNORED], ids=str)
def test_the_frontend_ignores_the_method(server, case):
    assert send("127.0.0.1", server.port("REST"), case).status == METHOD_IGNORED[case.name]
    assert send("127.0.0.1", server.port("REST"), GOOD).status == 200


def test_a_body_of_many_times_the_limit_is_refused_without_json(server):
    answer = send("127.0.0.1", server.port("REST"), Case("huge", (413,), b" " * BODY_LIMIT * 5))
    assert (answer.status, answer.body) == (413, b"")
    assert send("127.0.0.1", server.port("REST"), GOOD).status == 200


@pytest.mark.parametrize("name", ["body", "data", "shape", "explain"])
def test_a_header_of_any_name_changes_nothing(server, name):
    """TorchServe hands parameters and headers to the handler in one mapping."""
    case = Case(name, (200,), GOOD.body, headers={"Content-Type": "application/json", name: "True"})
    assert send("127.0.0.1", server.port("REST"), case).status == 200


def test_explain_is_not_a_prediction(server):
    answer = send(
        "127.0.0.1", server.port("REST"), Case("explain", (404,), GOOD.body, PREDICT.replace("predict", "explain"))
    )
    assert (answer.status, set(answer.json())) == (404, {"error"})


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"data": b"{"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"data": b"\0" * 8, "shape": b"1,28,28,1"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"data": b"\0" * 3136, "shape": b"x"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"data": b"\0" * 3136, "shape": b"1,784"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"data": b"\0\0\xc0\x7f" * 784, "shape": b"1,28,28,1"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"data": b" " * (BODY_LIMIT + 1)}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"data": b"\xff\xd8\xff", "type": b"image/jpeg"}, grpc.StatusCode.FAILED_PRECONDITION),
        ({"data": b"{}", "type": b"\xff"}, grpc.StatusCode.FAILED_PRECONDITION),
        ({"picture": b"{}"}, grpc.StatusCode.FAILED_PRECONDITION),
        ({}, grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
def test_bad_input_has_a_grpc_status(server, images, inputs, code):
    with pytest.raises(grpc.RpcError) as refused:
        server.grpc(**inputs)
    assert refused.value.code() == code
    assert len(json.loads(server.grpc(**raw(images[:1])))["predictions"]) == 1


def test_the_handler_counts_where_its_time_goes(server, images):
    """It tells of its requests now and then, with one that comes after them; the frontend counts each at once."""

    def sums():
        page = parse_counters(server.get("METRICS", "/metrics"))
        return {name.partition("{")[0].removesuffix("_total"): value for name, value in page.items()}

    def asked_and_told(requests):
        rest(server, {"instances": images[:1].tolist()})
        found = sums()
        return found if found.get(REQUESTS.removesuffix("_total"), 0) >= requests else {}

    told = wait_until(lambda: asked_and_told(1))[REQUESTS.removesuffix("_total")]
    found = wait_until(lambda: asked_and_told(told + 10))
    assert all(found[phase] > 0 for phase in PHASES)
    handled_us = sum(found[phase] for phase in PHASES)
    assert handled_us < found["ts_inference_latency_microseconds"], "the frontend's time holds the handler's"


def test_metrics_count_requests(server):
    def count():
        lines = server.get("METRICS", "/metrics").splitlines()
        counters = [line for line in lines if line.startswith("ts_inference_requests_total{")]
        return sum(float(line.split()[-1]) for line in counters)

    send("127.0.0.1", server.port("REST"), GOOD)
    before = count()
    for _ in range(3):
        send("127.0.0.1", server.port("REST"), GOOD)
    assert count() == before + 3
    assert "PredictionTime{" in server.get("METRICS", "/metrics")


@pytest.fixture(scope="module")
def batching(model_dir, tmp_path_factory):
    running = start(model_dir, tmp_path_factory.mktemp("batching"), BATCH_SIZE="4", BATCH_DELAY_MS="200")
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


def test_each_request_of_a_batch_gets_its_own_answer(batching, images, expected):
    """Rows 1, 2 or 3 per request, so that a shifted split would show; every fifth request is bad."""
    inputs, outputs = images, expected
    slices = [slice(i, i + 1 + i % 3) for i in range(20)]

    def ask(i):
        body = b'{"instances": [[1]]}' if i % 5 == 4 else json.dumps({"instances": inputs[slices[i]].tolist()}).encode()
        return send("127.0.0.1", batching.port("REST"), Case(str(i), (), body))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(20)))
    for i, answer in enumerate(answers):
        if i % 5 == 4:
            assert (answer.status, set(answer.json())) == (400, {"error"})
        else:
            assert answer.status == 200, answer.body
            assert np.abs(np.array(answer.json()["predictions"]) - outputs[slices[i]]).max() <= TOLERANCE


def test_a_bad_grpc_request_of_a_batch_spoils_no_other(batching, images):
    """TorchServe has no gRPC status for one request of a batch: the error comes as an answer."""
    good = raw(images[:1])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda i: grpc_or_status(batching, good if i else {"data": b"{"}), range(4)))
    assert answers[0] in (grpc.StatusCode.INVALID_ARGUMENT, {"error"})
    assert answers[1:] == [{"predictions"}] * 3


def grpc_or_status(server, inputs):
    try:
        return set(json.loads(server.grpc(**inputs)))
    except grpc.RpcError as error:
        return error.code()
