"""A named layer's output: eager networks and a Session give it, other graphs say why not."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import numpy as np
import pytest

from serveoff.models.golden import Golden
from tests.bad_inputs import PREDICT
from tests.services.flaskapp.test_server import COMMAND
from tests.services.flaskrest.serving import Server, serve

SHAPES = {"conv1": (2, 28, 28, 32), "conv2": (2, 14, 14, 64), "dense1": (2, 128), "dense2": (2, 10)}
GRAPHS = {"savedmodel": "signature", "torchscript": "forward hooks"}


def ask(server: Server, layer: str, rows: np.ndarray) -> tuple[int, dict[str, object]]:
    """Status and document of a request for a layer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    body = json.dumps({"instances": rows.tolist()})
    connection.request("POST", f"{PREDICT}{layer}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.slow
def test_eager_networks_and_a_session_show_the_same_layers(model_dir: Path, tmp_path: Path, golden: Golden) -> None:
    images, expected = golden.inputs["image"][:2], golden.outputs["probabilities"][:2]
    found: dict[str, dict[str, np.ndarray]] = {}
    for format in ("keras_eager", "torch_eager", "frozen_graph"):
        with serve(model_dir, format, tmp_path, COMMAND) as server:
            answers = {name: ask(server, f"?layer={name}", images) for name in SHAPES}
            assert {answer[1]["layer"] for answer in answers.values()} == set(SHAPES)
            found[format] = {name: np.array(answer[1]["predictions"]) for name, answer in answers.items()}
            status, unknown = ask(server, "?layer=conv9", images)
            assert (status, "conv1, conv2, dense1, dense2" in str(unknown["error"])) == (400, True)
            plain = np.array(ask(server, "", images)[1]["predictions"])
            np.testing.assert_allclose(plain, expected, atol=1e-5, rtol=0)
    for name, shape in SHAPES.items():
        assert found["keras_eager"][name].shape == shape
        assert found["keras_eager"][name].any()
        for format in ("torch_eager", "frozen_graph"):
            np.testing.assert_allclose(found[format][name], found["keras_eager"][name], atol=1e-5, rtol=0)
    np.testing.assert_allclose(found["torch_eager"]["dense2"], expected, atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize(("format", "why"), GRAPHS.items())
def test_other_graphs_say_why_not(model_dir: Path, tmp_path: Path, golden: Golden, format: str, why: str) -> None:
    with serve(model_dir, format, tmp_path, COMMAND) as server:
        status, document = ask(server, "?layer=conv1", golden.inputs["image"][:2])
    assert status == 400
    assert "final outputs only" in str(document["error"])
    assert why in str(document["error"])
