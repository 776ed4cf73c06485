"""The bad-input table against the embedded server, started by the launcher, with the real artifacts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bad_inputs import BODY_LIMIT, GOOD, accepted, cases, echoes_little, send
from tests.services.tfserving.model_server import running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["savedmodel", pytest.param("frozen_graph", marks=pytest.mark.long)])
def server(request, tmp_path_factory, model_dir):
    with running(
        tmp_path_factory.mktemp("served"),
        module="serveoff.services.tfserving",
        SERVING_MODEL_DIR=str(model_dir),
        SERVING_FORMAT=request.param,
        SERVING_DEVICE="cpu",
        SERVING_MAX_BODY_BYTES=str(BODY_LIMIT),
        PATH="/nowhere",
    ) as running_server:
        yield running_server


@pytest.mark.parametrize("case", cases("tfserving"), ids=str)
def test_bad_input(case, server):
    answer = send("127.0.0.1", server.rest_port, case)
    assert answer.status in case.allowed("tfserving")
    assert set(answer.json()) == {"error"}
    assert echoes_little(answer.body)
    assert send("127.0.0.1", server.rest_port, GOOD).status == 200


@pytest.mark.parametrize("case", accepted("tfserving"), ids=str)
def test_unusual_but_right(case, server):
    answer = send("127.0.0.1", server.rest_port, case)
    assert answer.status == 200
    assert np.shape(answer.json()["predictions"]) == (1, 10)


def test_golden_answers(server, golden):
    images, expected = golden.inputs["image"], golden.outputs["probabilities"]
    # Two rows at a time: more is over the limit of this table.
    for start in range(0, len(images), 2):
        rows = slice(start, start + 2)
        answer = server.post("/v1/models/digits_cnn:predict", {"instances": images[rows].tolist()})
        assert answer[0] == 200
        np.testing.assert_allclose(answer[1]["predictions"], expected[rows], atol=1e-5)
