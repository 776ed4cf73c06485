"""Any JSON, through an app of FastAPI's as people write them."""

import json
import threading
from contextlib import closing

import fastapi
import numpy as np
import pydantic
import pytest
import uvicorn

from serveoff.loadtests.attached.ask import AskFailed, asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.drivers.rest import Driver
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.endpoints import Target
from tests.loadtests.attached.drivers.driving import drive, statuses
from tests.waiting import wait_until

JSON = dialect("json")
TEMPLATE = '{"inputs": ["$image"], "user": {"id": "$user"}, "top": 1, "currency": "$$"}'


class Asked(pydantic.BaseModel):
    inputs: list[list[float]]
    user: dict[str, int]
    top: int = pydantic.Field(ge=1)
    currency: str


app = fastapi.FastAPI()


@app.post("/classify")
def classify(asked: Asked):
    return {"result": {"label": "cat", "scores": [sum(asked.inputs[0]), asked.user["id"]]}, "took_ms": 3}


@pytest.fixture(scope="module")
def port():
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "uvicorn serves")
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def row(user=7):
    return {"image": np.array([[0.5, 1.5]], np.float32), "user": np.array([user])}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("result.scores", {"answer": [[2.0, 7.0]]}),
        ("result", {"label='cat'": [[]], "scores": [[2.0, 7.0]]}),
        ("result.label", {"answer='cat'": [[]]}),
        ("{best: max(result.scores), label: result.label}", {"best": [7.0], "label='cat'": [[]]}),
    ],
)
def test_an_answer_of_an_app_is_read_by_a_path(port, path, names):
    body = JSON.encode("", row(), TEMPLATE)
    target = Target("prod", "rest", "127.0.0.1", port, "", "", JSON.path("/classify"))
    with asking(target, Exchange(dialect="json", answer=path, bodies=(body,)), 10.0) as ask:
        read = JSON.read(ask(body), path)
    assert {name: array.tolist() for name, array in read.items()} == names


def test_a_load_goes_over_it(port):
    bodies = tuple(JSON.encode("", row(user), TEMPLATE) for user in range(3))
    right = [reading([2.0, user]) for user in range(3)]
    exchange = Exchange(dialect="json", answer="result.scores", bodies=bodies).expecting(right)
    target = Target("prod", "rest", "127.0.0.1", port, "", "", "/classify")
    with closing(Driver(target, exchange)) as driver:
        recording = drive(driver, exchange, "2")
    pool = pool_of(exchange)
    check = recording.verified.judge(pool.expected, pool.payload, pool.spec)
    assert (statuses(recording), check.checked, check.wrong) == ({200}, len(recording.rows), 0)


def test_what_the_app_says_of_a_wrong_request_is_told(port):
    body = JSON.encode("", row(), TEMPLATE.replace('"top": 1', '"top": 0'))
    target = Target("prod", "rest", "127.0.0.1", port, "", "", "/classify")
    with (
        pytest.raises(AskFailed, match=r"HTTP 422.*greater than or equal to 1") as failed,
        asking(target, Exchange(dialect="json", bodies=(body,)), 10.0) as ask,
    ):
        ask(body)
    assert "samples" in failed.value.advice


def test_a_template_holds_the_row():
    assert json.loads(JSON.encode("", row(), TEMPLATE)) == {
        "inputs": [[0.5, 1.5]],
        "user": {"id": 7},
        "top": 1,
        "currency": "$",
    }


def test_a_template_may_be_the_row_itself_and_without_one_inputs_have_their_names():
    assert json.loads(JSON.encode("", {"x": np.array([[1, 2]])}, '"$x"')) == [1, 2]
    texts = {"text": np.array(["hé"]), "file": np.array([b"\xff"], dtype=object)}
    assert json.loads(JSON.encode("", texts)) == {"text": "hé", "file": "/w=="}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{", "template is not JSON"),
        ('{"x": "$picture"}', r"asks for \$picture, and the samples have image, user"),
        ('{"x": "$image"}', r"no place for user: write \$user"),
        ('{"x": "image"}', r"no place for image, user"),
    ],
)
def test_a_template_that_does_not_fit_the_samples_is_said(template, said):
    with pytest.raises(ValueError, match=said):
        JSON.encode("", row(), template)
