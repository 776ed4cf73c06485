"""TorchServe, whose answers are whatever its handler writes."""

import json

import numpy as np
import pytest

from serveoff.loadtests.attached.ask import asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from tests.loadtests.attached import servers

TORCHSERVE, GRPC = dialect("torchserve"), dialect("grpc_torchserve")
X = {"x": np.array([[0.5, 2.0]], np.float32)}


@pytest.mark.parametrize("path", ["/predictions/my-model", "/predictions/my-model/2.0"])
def test_the_path_names_the_model(path):
    assert (TORCHSERVE.path(path), TORCHSERVE.model(path)) == (path, "my-model")


def test_an_answer_comes_back_through_a_server():
    def answer(asked):
        (row,) = json.loads(asked.body)["instances"]
        return servers.as_json([[sum(row), 1.0]])

    with servers.rest(answer) as served:
        body = TORCHSERVE.encode("m", X)
        exchange = Exchange(dialect="torchserve", bodies=(body,))
        with asking(served.target("/predictions/m"), exchange, 10.0) as ask:
            np.testing.assert_array_equal(TORCHSERVE.read(ask(body))["answer"], [[2.5, 1.0]])
    assert served.asked[0].path == "/predictions/m"


def test_an_answer_comes_back_through_grpc():
    def answer(asked):
        """Field 1 of a request is the model's name, an entry of field 3 an input; field 1 of an answer is all of it."""
        head = b"\x0a\x04my-m\x1a" + bytes([len(asked.body) - 8]) + b"\x0a\x04data\x12"
        assert asked.body.startswith(head)
        (row,) = json.loads(asked.body[len(head) + 1 :])["instances"]
        prediction = json.dumps({"predictions": [sum(row)]}).encode()
        return b"\x0a" + bytes([len(prediction)]) + prediction

    with servers.rpc(GRPC.method, answer) as served:
        body = GRPC.encode("my-m", X)
        with asking(served.target(), Exchange(dialect="grpc_torchserve", bodies=(body,)), 10.0) as ask:
            np.testing.assert_array_equal(GRPC.read(ask(body))["answer"], [2.5])


@pytest.mark.parametrize("path", ["/predictions/m/2.0", "/m/versions/2.0"])
def test_the_version_of_a_url_is_asked_for(path):
    assert GRPC.encode(GRPC.model(path), X).startswith(b"\x0a\x01m\x12\x032.0\x1a")


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (b'{"predictions": [[0.1, 0.9]]}', ["answer"]),
        (b"[0.1, 0.9]", ["answer"]),
        (b'{"tabby": 0.5, "tiger_cat": 0.25}', ["tabby", "tiger_cat"]),
        (b"tabby", ["answer='tabby'"]),
        (b"3", ["answer"]),
    ],
)
def test_whatever_a_handler_writes_is_read(answer, names):
    assert list(TORCHSERVE.read(answer)) == names
    wrapped = b"\x0a" + bytes([len(answer)]) + answer
    assert list(GRPC.read(wrapped)) == names


def test_a_path_chooses_what_counts():
    np.testing.assert_array_equal(TORCHSERVE.read(b'{"scores": [1, 2], "ms": 3}', "scores")["answer"], [[1, 2]])
