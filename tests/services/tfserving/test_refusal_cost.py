"""What a refused REST body costs: memory in proportion to it, whichever model, signature or action it is sent to."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

from serveoff.services.tfserving.embedded.rest import RestApi

MOST_TIMES, SPARE_BYTES = 8, 64 * 1024
BODY_BYTES = 100_000
MANY = 30_000


@pytest.fixture(scope="module")
def api(repository):
    return RestApi(repository)


REFUSED = {
    "unknown signature": ("default:predict", '{"signature_name":"nope","instances":[%s]}', "[]"),
    "unknown model": ("nope:predict", '{"instances":[%s]}', "[]"),
    "no object": ("default:predict", "[%s]", "[]"),
    "no name of a signature": ("default:predict", '{"signature_name":[%s],"instances":[1]}', "[]"),
    "no JSON": ("default:predict", '{"instances":[%s', "[]"),
    "neither": ("default:predict", '{"x":[%s]}', "[]"),
    "both": ("default:predict", '{"instances":[1],"inputs":[%s]}', "[]"),
    "no list": ("default:predict", '{"instances":{"x":[%s]}}', "[]"),
    "column": ("default:predict", '{"instances":[%s]}', "[]"),
    "column of objects": ("default:predict", '{"instances":[%s]}', "{}"),
    "column by name": ("default:predict", '{"instances":[%s]}', '{"x":[]}'),
    "column of base64": ("default:predict", '{"instances":[%s]}', '{"b64":"AAAA"}'),
    "column that ends in a string": ("default:predict", '{"instances":[%s,"?"]}', "0"),
    "column of lists that ends in a string": ("default:predict", '{"instances":[%s,["?"]]}', "[0]"),
    "column of both": ("default:predict", '{"instances":[%s,0]}', "[0]"),
    "inputs": ("default:predict", '{"inputs":[%s]}', "[]"),
    "inputs by name": ("default:predict", '{"inputs":{"x":[%s]}}', "[]"),
    "inputs that are an object": ("default:predict", '{"inputs":{"x":{"y":[%s]}}}', "[]"),
    "another signature": ("several:predict", '{"signature_name":"matrix","instances":[%s]}', "[0]"),
    "the last row of another": ("several:predict", '{"signature_name":"matrix","inputs":[%s,[0,"?"]]}', "[0,0]"),
    "one of two inputs": ("several:predict", '{"signature_name":"two","inputs":{"a":[%s],"b":[1]}}', "[]"),
    "rows of two inputs": ("several:predict", '{"signature_name":"two","instances":[%s,[]]}', '{"a":1,"b":2}'),
    "classify without such a signature": ("default:classify", '{"examples":[%s]}', '{"x":[]}'),
    "regress by an unknown signature": ("default:regress", '{"signature_name":"nope","examples":[%s]}', "[]"),
    "classify by an unknown model": ("nope:classify", '{"examples":[%s]}', "[]"),
    "classify what is no object": ("default:classify", "[%s]", "[]"),
    "examples that are lists": ("default:classify", '{"signature_name":"classify_x_to_y","examples":[%s]}', "[]"),
    "the last of many empty examples": (
        "default:regress",
        '{"signature_name":"regress_x_to_y","examples":[%s,7]}',
        "{}",
    ),
    "the last of many examples": ("default:regress", '{"signature_name":"regress_x_to_y","examples":[%s,7]}', '{"":0}'),
    "no examples": ("default:classify", '{"signature_name":"classify_x_to_y","inputs":[%s]}', "[]"),
    "a long context of many examples": (
        "default:regress",
        '{"signature_name":"regress_x_to_y","context":{"x":"' + 10_000 * "?" + '"},"examples":[%s]}',
        "{}",
    ),
}


def refused(api, path, body):
    """The status of the answer, and the most that Python and NumPy held at once until then."""
    tracemalloc.start()
    try:
        status = api.handle("POST", f"/v1/models/{path}", body).status
        return status, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_takes_memory_in_proportion_to_the_body(api, name):
    """Python's objects of all values would take up to forty times its size."""
    path, form, value = REFUSED[name]
    body = (form % ",".join([value] * (BODY_BYTES // (len(value) + 1)))).encode()
    status, peak_bytes = refused(api, path, body)
    assert status == (404 if "nope" in path else 400)
    assert peak_bytes <= MOST_TIMES * len(body) + SPARE_BYTES


def posted(api, path, **document):
    """The answer to a body that may be large or small."""
    answer = api.handle("POST", f"/v1/models/{path}", json.dumps(document).encode())
    assert answer.status == 200, answer.body[:200]
    return json.loads(answer.body)


@pytest.mark.parametrize("count", [3, MANY])
@pytest.mark.parametrize(
    ("key", "answer_key", "form"),
    [
        ("instances", "predictions", lambda column: column),
        ("instances", "predictions", lambda column: [[x] for x in column]),
        ("instances", "predictions", lambda column: [{"x": x} for x in column]),
        ("instances", "predictions", lambda column: [{"x": [x]} for x in column]),
        ("inputs", "outputs", lambda column: column),
        ("inputs", "outputs", lambda column: {"x": [[x] for x in column], "more": None}),
    ],
)
def test_a_large_column_is_read_in_every_form_as_a_small_one_is(api, count, key, answer_key, form):
    column = np.arange(count) / 2
    answer = posted(api, "default:predict", **{key: form(column.tolist())})[answer_key]
    np.testing.assert_allclose(np.ravel(answer), column / 2 + 2)


@pytest.mark.parametrize("count", [3, MANY])
def test_large_bodies_of_other_signatures_are_read_as_small_ones_are(api, count):
    rows = {"signature_name": "two", "instances": [{"a": 1.5, "b": 2}] * count}
    assert posted(api, "several:predict", **rows)["predictions"] == [{"is_big": False, "sum": 3.5}] * count
    columns = {"signature_name": "two", "inputs": {"a": [1.5] * count, "b": [2] * count}}
    assert posted(api, "several:predict", **columns)["outputs"]["sum"] == [3.5] * count
    texts = {"signature_name": "text", "instances": ["ä", {"b64": "YQ=="}] * count}
    assert [row["upper"] for row in posted(api, "several:predict", **texts)["predictions"]] == ["ä", "A"] * count


@pytest.mark.parametrize("count", [3, MANY])
def test_large_examples_are_read_as_small_ones_are(api, count):
    body = {"signature_name": "regress_x_to_y", "context": {"x": 2.0}, "examples": [{}, {"x": [4.0]}] * count}
    assert posted(api, "default:regress", **body)["results"] == [3.0, 4.0] * count


def test_one_scalar_in_a_large_body_is_a_column_of_one(api):
    assert posted(api, "default:predict", inputs=3.0, more=[1] * MANY) == {"outputs": 3.5}
