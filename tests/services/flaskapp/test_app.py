"""Flask as people deploy it, without a server: what it takes, what it answers, what it refuses."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from flask import Flask

from serveoff.models.catalog import load_spec
from serveoff.models.formats import Predict
from serveoff.models.spec import ModelSpec
from serveoff.services.flaskapp.app import create_app
from serveoff.services.flaskrest.readiness import Readiness
from serveoff.services.predict_v1.plain import LARGE_BYTES
from serveoff.services.runtimes import Runtime, null
from serveoff.services.settings import Settings
from tests.bad_inputs import GOOD, MODEL, PREDICT, Case, accepted, cases, echoes_little
from tests.services import two_tensors
from tests.services.flaskrest.test_app import send

ROWS = np.random.default_rng(5).random((3, 28, 28, 1), dtype=np.float32)
FIRST_TEN = ROWS.reshape(3, -1)[:, :10]
MakePlain = Callable[..., Flask]


@pytest.fixture
def make_plain(settings: Settings) -> MakePlain:
    def make(predict: Predict, spec: ModelSpec | None = None, readiness: Readiness | None = None, **more: int) -> Flask:
        spec = spec or load_spec(MODEL)
        runtime = Runtime(predict, "cpu", spec=spec, framework="none", framework_version="0")
        return create_app(replace(settings, model=spec.name, **more), runtime, readiness)

    return make


@pytest.fixture
def plain(make_plain: MakePlain) -> Flask:
    return make_plain(null.load(load_spec(MODEL)))


def first_ten(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"probabilities": np.ascontiguousarray(batch["image"].reshape(len(batch["image"]), -1)[:, :10])}


@pytest.mark.parametrize("case", cases("flask"), ids=str)
def test_bad_input_is_refused_and_the_next_good_request_succeeds(plain: Flask, case: Case) -> None:
    client = plain.test_client()
    answer = send(client, case)
    assert answer.status_code in case.allowed("flask")
    assert answer.status_code < 400 or set(answer.json or {}) == {"error"}
    assert echoes_little(answer.data)
    assert send(client, GOOD).status_code == 200


@pytest.mark.parametrize("case", accepted("flask"), ids=str)
def test_unusual_good_input_is_accepted(plain: Flask, case: Case) -> None:
    answer = send(plain.test_client(), case)
    assert answer.status_code == 200
    assert np.shape(answer.json["predictions"]) == (1, 10)


@pytest.mark.parametrize(
    ("body", "key"),
    [({"instances": ROWS.tolist()}, "predictions"), ({"inputs": {"image": ROWS.tolist()}}, "outputs")],
    ids=["rows", "columns"],
)
def test_rows_reach_the_model_unchanged(make_plain: MakePlain, body: dict[str, object], key: str) -> None:
    answer = make_plain(first_ten).test_client().post(PREDICT, json=body)
    np.testing.assert_array_equal(np.array(answer.json[key], np.float32), FIRST_TEN)


def test_several_inputs_and_outputs_go_by_name(make_plain: MakePlain, two_app: Flask) -> None:
    """As the tuned service answers them."""
    row = {t.name: np.ones(t.row_shape, t.dtype).tolist() for t in two_tensors.SPEC.inputs}
    path, body = f"/v1/models/{two_tensors.SPEC.name}:predict", {"instances": [row, row]}
    answer = make_plain(two_tensors.predict, two_tensors.SPEC).test_client().post(path, json=body)
    assert answer.json == two_app.test_client().post(path, json=body).json
    assert len(answer.json["predictions"]) == 2


def test_a_model_that_answers_nan_is_a_500_in_json(make_plain: MakePlain) -> None:
    app = make_plain(lambda batch: {"probabilities": np.full((1, 10), np.nan, np.float32)})
    answer = send(app.test_client(), GOOD)
    assert (answer.status_code, "NaN" in answer.json["error"]) == (500, True)


def test_what_nobody_foresaw_is_a_500_in_json(make_plain: MakePlain) -> None:
    def broken(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        raise RuntimeError("secret")

    answer = send(make_plain(broken).test_client(), GOOD)
    assert answer.status_code == 500
    assert set(answer.json) == {"error"}
    assert "secret" not in answer.text


def test_without_a_model_there_are_no_layers(plain: Flask) -> None:
    answer = plain.test_client().post(f"{PREDICT}?layer=conv1", json={"instances": ROWS.tolist()})
    assert (answer.status_code, "no model" in answer.json["error"]) == (400, True)


def test_the_methods_allowed_are_said(plain: Flask) -> None:
    assert "POST" in plain.test_client().get(PREDICT).headers["Allow"]


def test_it_is_ready_when_every_worker_is_and_says_that_it_does_not_batch(make_plain: MakePlain, tmp_path) -> None:
    readiness = Readiness(tmp_path, workers=1)
    client = make_plain(first_ten, readiness=readiness, batch_size=8).test_client()
    assert client.get("/readyz").status_code == 503
    readiness.announce()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["workers_ready"], answer.json["batch_size"]) == (200, 1, 1)
    assert answer.json["server"] == "flask"


GOOD_ROW = json.dumps(ROWS[0].tolist())
EMPTY = ",".join(["[]"] * 200_000)
MANY_KEYS = ",".join(f'"{number}":0' for number in range(60_000))


def refused_cheaply(app: Flask, body: bytes) -> bool:
    """Whether a body is a bad request, and Python held at most 8 times as much while it was refused."""
    client = app.test_client()
    client.post(PREDICT, data=body, content_type="application/json")  # whatever is imported or remembered once
    tracemalloc.start()
    try:
        answer = client.post(PREDICT, data=body, content_type="application/json")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return answer.status_code == 400 and peak_bytes <= 8 * len(body) + 2**17


@pytest.mark.parametrize("rows", [["[]"] * 100_000, ["{}"] * 100_000, ['{"image":[]}'] * 30_000, ['"ab"'] * 60_000])
def test_a_large_body_that_is_no_batch_is_refused_before_python_makes_objects_of_it(
    make_plain: MakePlain, rows: list[str]
) -> None:
    app = make_plain(null.load(load_spec(MODEL)), max_body_bytes=2**20)
    assert refused_cheaply(app, f'{{"instances":[{",".join(rows)}]}}'.encode())


@pytest.mark.parametrize(
    "body",
    [
        f'{{"instances":[{GOOD_ROW}],"x":[{EMPTY}]}}',
        f'{{"instances":[{GOOD_ROW}],"instances":[{EMPTY}]}}',
        f'{{"instances":[{EMPTY}],"instances":[{GOOD_ROW}]}}',
        f'{{"signature_name":"","instances":[{GOOD_ROW}],"signature_name":[{EMPTY}]}}',
        f'{{"instances":[{{"image":{GOOD_ROW},"image":[{EMPTY}]}}]}}',
        f'{{"instances":[{GOOD_ROW}],{MANY_KEYS}}}',
        f'{{"x":[{",".join([GOOD_ROW] * 60)}]}}',
    ],
    ids=["another key", "rows twice", "rows first", "signature twice", "name twice", "many keys", "plain rows"],
)
def test_nor_are_objects_made_of_what_a_large_body_holds_beside_its_rows(make_plain: MakePlain, body: str) -> None:
    app = make_plain(null.load(load_spec(MODEL)), max_body_bytes=2**21)
    assert len(body) >= LARGE_BYTES
    assert refused_cheaply(app, body.encode())


@pytest.mark.parametrize("key", ["instances", "inputs"])
def test_a_large_body_of_good_rows_is_answered_with_or_without_its_signature(make_plain: MakePlain, key: str) -> None:
    client = make_plain(first_ten, max_body_bytes=2**20).test_client()
    rows = {key: np.repeat(ROWS, 10, 0).tolist()}
    for body in (rows, rows | {"signature_name": "serving_default"}):
        assert len(json.dumps(body)) >= LARGE_BYTES
        answer = client.post(PREDICT, json=body)
        assert np.shape(answer.json["predictions" if key == "instances" else "outputs"]) == (30, 10)
