"""Flask as people deploy it as a process: gunicorn's threaded worker, sockets, artifacts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serveoff.models.golden import Golden
from serveoff.models.spec import FORMATS
from tests.bad_inputs import GOOD, PREDICT, Case, cases, echoes_little, send
from tests.services.flaskrest.serving import HOST, Server, serve, wait_ready
from tests.services.flaskrest.test_server import GOOD_BYTES, connect, read_answer, start_and_fail

pytestmark = pytest.mark.slow
COMMAND = (sys.executable, "-I", "-m", "serveoff.services.flaskapp")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(Path("/nowhere"), "null", tmp_path_factory.mktemp("plain"), COMMAND, batch_size=8) as found:
        yield found


@pytest.mark.parametrize("case", cases("flask"), ids=str)
def test_bad_input_is_refused_and_the_next_good_request_succeeds(server: Server, case: Case) -> None:
    answer = send(HOST, server.port, case)
    assert answer.status in case.allowed("flask")
    assert answer.status < 400 or set(answer.json()) == {"error"}
    assert echoes_little(answer.body)
    assert send(HOST, server.port, GOOD).status == 200


def test_its_worker_is_gunicorns_own_and_its_log_says_what_it_does_not_have(server: Server) -> None:
    log = server.log.read_text()
    assert "Using worker: gthread" in log
    assert "SERVING_BATCH_SIZE is 8: this server does not batch" in log


def test_connections_are_kept_for_many_requests(server: Server) -> None:
    with connect(server) as one, connect(server) as other:
        for client in (one, other) * 20:
            client.sendall(GOOD_BYTES)
            assert read_answer(client)[0] == 200


def test_two_workers_are_both_ready(tmp_path: Path) -> None:
    with serve(Path("/nowhere"), "null", tmp_path, COMMAND, workers=2) as server:
        assert json.loads(wait_ready(server).body)["workers_ready"] == 2
        assert len(server.tree()) == 3


@pytest.mark.parametrize(
    "format", [f if f == "torchscript" else pytest.param(f, marks=pytest.mark.long) for f in FORMATS]
)
def test_answers_agree_with_golden_outputs(model_dir: Path, tmp_path: Path, golden: Golden, format: str) -> None:
    rows, expected = golden.inputs["image"][:3], golden.outputs["probabilities"][:3]
    with serve(model_dir, format, tmp_path, COMMAND) as server:
        body = json.dumps({"instances": rows.tolist()}).encode()
        answer = server.ask("POST", PREDICT, body, content_type="application/json")
    np.testing.assert_allclose(np.array(answer.json()["predictions"]), expected, atol=1e-5)


def test_an_unusable_setting_is_exit_code_3(model_dir: Path, tmp_path: Path) -> None:
    code, message = start_and_fail(model_dir, "tflite", tmp_path, command=COMMAND)
    assert (code, "SERVING_FORMAT is 'tflite'" in message) == (3, True)
