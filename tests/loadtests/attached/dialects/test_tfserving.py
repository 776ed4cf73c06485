"""TensorFlow Serving's REST v1: https://www.tensorflow.org/tfx/serving/api_rest."""

import json

import numpy as np
import pytest

from serveoff.loadtests.attached.ask import asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.payloads import json_rows
from serveoff.models.tensors import take
from tests.loadtests.attached import servers
from tests.loadtests.payloads.models import DIGITS

TFSERVING = dialect("tfserving")


@pytest.mark.parametrize(
    ("path", "asked", "model"),
    [
        ("/v1/models/mnist", "/v1/models/mnist:predict", "mnist"),
        ("/v1/models/mnist/", "/v1/models/mnist:predict", "mnist"),
        ("/v1/models/mnist:predict", "/v1/models/mnist:predict", "mnist"),
        ("/v1/models/mnist/versions/3", "/v1/models/mnist/versions/3:predict", "mnist"),
        ("/v1/models/mnist:classify", "/v1/models/mnist:classify", "mnist"),
        ("/team-a/v1/models/my-Model?key=1", "/team-a/v1/models/my-Model:predict?key=1", "my-Model"),
        ("/", ":predict", ""),
    ],
)
def test_paths_lead_to_the_model(path, asked, model):
    assert (TFSERVING.path(path), TFSERVING.model(path)) == (asked, model)


def test_a_row_is_written_as_the_payload_of_our_own_servers_writes_it():
    image = {"image": np.random.default_rng(1).random((1, 28, 28, 1), dtype=np.float32)}
    assert TFSERVING.encode("any-Name", image) == json_rows.encode(DIGITS, take(image, slice(1)))


def test_several_inputs_texts_and_bytes_are_an_object():
    row = {
        "text": np.array(["hé"]),
        "raw": np.array([b"\xff"], dtype=object),
        "ids": np.array([[1, 2]]),
        "n": np.ones(1),
    }
    instance = {"text": "hé", "raw": {"b64": "/w=="}, "ids": [1, 2], "n": 1.0}
    assert json.loads(TFSERVING.encode("m", row)) == {"instances": [instance]}
    assert json.loads(TFSERVING.encode("m", {"text": np.array(["a"])})) == {"instances": ["a"]}


def test_what_json_has_no_word_for_is_an_error():
    with pytest.raises(ValueError, match="complex"):
        TFSERVING.encode("m", {"x": np.ones((1, 2), complex)})


def test_an_answer_comes_back_through_a_server():
    def answer(asked):
        (row,) = json.loads(asked.body)["instances"]
        return servers.as_json({"predictions": [[sum(row), 0.5]], "model_spec": {"version": 7}})

    with servers.rest(answer) as served:
        target = served.target(TFSERVING.path("/v1/models/m"))
        bodies = tuple(TFSERVING.encode("m", {"x": np.array([[n, 1.5]])}) for n in range(3))
        with asking(target, Exchange(dialect="tfserving", bodies=bodies), 10.0) as ask:
            found = [TFSERVING.read(ask(body))["answer"].tolist() for body in bodies]
    assert found == [[[1.5, 0.5]], [[2.5, 0.5]], [[3.5, 0.5]]]
    assert {asked.path for asked in served.asked} == {"/v1/models/m:predict"}
    assert served.asked[0].headers["content-type"] == "application/json"
    assert served.connections == 1


def test_a_path_chooses_what_counts():
    read = TFSERVING.read(b'{"predictions": [{"scores": [0.1, 0.9], "id": "x7"}]}', "predictions[0].scores")
    np.testing.assert_array_equal(read["answer"], [[0.1, 0.9]])


@pytest.mark.parametrize("answer", [b'{"error": "no"}', b"[]", b"busy"])
def test_what_has_no_predictions_is_said(answer):
    with pytest.raises(ValueError, match=r"no predictions|not JSON"):
        TFSERVING.read(answer)
