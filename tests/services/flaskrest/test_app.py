from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from serveoff.models.formats import Predict
from serveoff.services.flaskrest.app import create_app
from serveoff.services.flaskrest.readiness import Readiness
from serveoff.services.runtimes import load_runtime
from serveoff.services.settings import Settings
from tests.bad_inputs import GOOD, MODEL, PREDICT, Case, accepted, cases, echoes_little

ROWS = np.random.default_rng(5).random((3, 28, 28, 1), dtype=np.float32)
FIRST_TEN = ROWS.reshape(3, -1)[:, :10]
VERSIONED = f"/v1/models/{MODEL}/versions/1"


def send(client: FlaskClient, case: Case) -> TestResponse:
    """Also what comes in chunks reaches the application with its length."""
    return client.open(case.path, method=case.method, data=case.body, headers=dict(case.headers))


@pytest.mark.parametrize("case", cases("flask-tuned"), ids=str)
def test_bad_input_is_refused_and_the_next_good_request_succeeds(null_app: Flask, case: Case) -> None:
    client = null_app.test_client()
    answer = send(client, case)
    assert answer.status_code in case.allowed("flask-tuned")
    assert set(answer.json or {}) == {"error"}
    assert echoes_little(answer.data)
    assert send(client, GOOD).status_code == 200


@pytest.mark.parametrize("case", accepted("flask-tuned"), ids=str)
def test_unusual_good_input_is_accepted(null_app: Flask, case: Case) -> None:
    answer = send(null_app.test_client(), case)
    assert answer.status_code == 200
    assert np.shape(answer.json["predictions"]) == (1, 10)


@pytest.mark.parametrize("path", [PREDICT, f"{VERSIONED}:predict"])
@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"instances": ROWS.tolist()}, "predictions"),
        ({"instances": [{"image": row.tolist()} for row in ROWS]}, "predictions"),
        ({"inputs": ROWS.tolist()}, "outputs"),
        ({"inputs": {"image": ROWS.tolist()}}, "outputs"),
        ({"signature_name": "serving_default", "instances": ROWS.tolist()}, "predictions"),
    ],
    ids=["rows", "named rows", "columns", "named columns", "signature"],
)
def test_every_format_of_a_body_reaches_the_model_unchanged(
    echo_app: Flask, path: str, body: dict[str, object], key: str
) -> None:
    answer = echo_app.test_client().post(path, json=body)
    assert answer.status_code == 200
    np.testing.assert_array_equal(np.array(answer.json[key], np.float32), FIRST_TEN)


def test_raw_body_equals_json_body(echo_app: Flask) -> None:
    client = echo_app.test_client()
    headers = {"Content-Type": "application/octet-stream", "X-Tensor-Shape": "3, 28, 28, 1"}
    as_json = client.post(PREDICT, json={"instances": ROWS.tolist()})
    assert client.post(PREDICT, data=ROWS.tobytes(), headers=headers).data == as_json.data
    raw = client.post(PREDICT, data=ROWS.tobytes(), headers=headers | {"Accept": "application/octet-stream"})
    assert raw.headers["X-Tensor-Shape"] == "3,10"
    np.testing.assert_array_equal(np.frombuffer(raw.data, "<f4").reshape(3, 10), FIRST_TEN)


def test_body_sent_by_curl_without_a_content_type(null_app: Flask) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert null_app.test_client().post(PREDICT, data=GOOD.body, headers=headers).status_code == 200


def test_an_answer_that_is_no_number_is_an_error(make_app: Callable[[Predict], Flask]) -> None:
    app = make_app(lambda batch: {"probabilities": np.full((1, 10), np.nan, np.float32)})
    answer = send(app.test_client(), GOOD)
    assert answer.status_code == 500
    assert "NaN" in answer.json["error"]


@pytest.mark.parametrize(("number", "said"), [(np.inf, b"Infinity"), (-np.inf, b"-Infinity")])
def test_an_infinity_is_said_as_tensorflow_serving_says_it(make_app: Callable[[Predict], Flask], number, said) -> None:
    app = make_app(lambda batch: {"probabilities": np.full((1, 10), number, np.float32)})
    answer = send(app.test_client(), GOOD)
    assert answer.status_code == 200
    assert answer.data.count(said) == 10


def test_failing_model_is_an_internal_error_without_its_details(make_app: Callable[[Predict], Flask]) -> None:
    def fail(batch: object) -> np.ndarray:
        raise RuntimeError("secret path")

    answer = send(make_app(fail).test_client(), GOOD)
    assert answer.status_code == 500
    assert "secret" not in answer.json["error"]


def test_wrong_method_says_which_are_allowed(null_app: Flask) -> None:
    answer = null_app.test_client().get(PREDICT)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("path", [f"/v1/models/{MODEL}", VERSIONED])
def test_model_status_is_worded_as_tf_serving_does(null_app: Flask, path: str) -> None:
    (version,) = null_app.test_client().get(path).json["model_version_status"]
    assert version == {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}


def test_metadata_names_the_signature(null_app: Flask) -> None:
    metadata = null_app.test_client().get(f"/v1/models/{MODEL}/metadata").json
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert metadata["model_spec"]["name"] == MODEL
    assert signature["inputs"]["image"]["dtype"] == "DT_FLOAT"
    assert [dim["size"] for dim in signature["inputs"]["image"]["tensor_shape"]["dim"]] == ["-1", "28", "28", "1"]
    assert list(signature["outputs"]) == ["probabilities"]


def test_health(null_app: Flask) -> None:
    client = null_app.test_client()
    assert client.get("/healthz").json == {"status": "alive"}
    ready = client.get("/readyz").json
    assert ready["status"] == "ready"
    assert {ready[k] for k in ("format", "device", "server")} == {"null", "cpu", "flask-tuned"}
    assert ready["intra_op_threads"] is None  # no framework, none to tell


def test_readiness_tells_the_threads_of_the_framework_not_of_the_settings(settings: Settings) -> None:
    runtime = replace(load_runtime(settings), intra_op_threads=3)
    ready = create_app(replace(settings, intra_op_threads=1), runtime).test_client().get("/readyz").json
    assert ready["intra_op_threads"] == 3


def test_not_ready_until_every_worker_is(null_app: Flask, settings: Settings) -> None:
    readiness = Readiness(settings.model_dir, workers=1)
    client = create_app(settings, load_runtime(settings), readiness=readiness).test_client()
    assert client.get("/readyz").status_code == 503
    readiness.announce()
    assert client.get("/readyz").status_code == 200


def test_metrics_count_answers_by_status(null_app: Flask) -> None:
    client = null_app.test_client()
    for case in (GOOD, GOOD, cases("flask-tuned")[0]):
        send(client, case)
    text = client.get("/metrics").text
    assert f'inference_requests_total{{format="null",model="{MODEL}",status="200"}} 2.0' in text
    assert f'inference_requests_total{{format="null",model="{MODEL}",status="400"}} 1.0' in text
    assert f'inference_request_duration_seconds_count{{format="null",model="{MODEL}"}} 3.0' in text
    assert f'model_load_seconds{{format="null",model="{MODEL}"}} 1.5' in text


def test_answers_are_json_numbers_of_float32(echo_app: Flask) -> None:
    answer = echo_app.test_client().post(PREDICT, data=json.dumps({"instances": ROWS[:1].tolist()}))
    np.testing.assert_array_equal(np.array(json.loads(answer.data)["predictions"], np.float32), FIRST_TEN[:1])
