"""Requests that wait together are answered together, each by its own rows or its own error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from serveoff.models.golden import Golden
from serveoff.models.tensors import Batch
from serveoff.services.flaskrest.batching import PREPARED, Batcher, Prepared
from serveoff.services.flaskrest.exchange import BODY, Environ
from serveoff.services.predict_v1 import BadInputError, Decoded
from tests.bad_inputs import PREDICT, Answer
from tests.services.flaskrest.serving import Server, environment, serve
from tests.waiting import wait_until

JSON = {"content_type": "application/json"}
CLIENTS = 32
PER_CLIENT = 12


class Model:
    """Answers each row by its sum, remembers the rows of its calls, and raises for a negative number."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, batch: Batch) -> Batch:
        rows = batch["x"]
        self.calls.append(len(rows))
        if (rows < 0).any():
            raise RuntimeError("negative")
        return {"sum": rows.sum(axis=1, keepdims=True)}


def decode(environ: Environ, body: bytes) -> Decoded:
    try:
        return Decoded({"x": np.array(json.loads(body), np.float32)}, "predictions")
    except ValueError as error:
        raise BadInputError(str(error)) from None


def request(rows: object, path: str = PREDICT, query: str = "") -> Environ:
    return {"PATH_INFO": path, "QUERY_STRING": query, BODY: json.dumps(rows).encode()}


def batcher(model: Model, size: int = 4, delay_s: float = 0.0, rows: list[int] | None = None) -> Batcher:
    observe = ([] if rows is None else rows).append
    return Batcher(size, delay_s, frozenset({PREDICT}), decode, model, observe)


def outputs(environ: Environ) -> list[list[float]]:
    prepared = environ[PREPARED]
    assert isinstance(prepared, Prepared)
    return prepared.outputs["sum"].tolist()


def test_one_call_answers_all_and_each_gets_its_own_rows() -> None:
    model, rows = Model(), []
    environs = [request([[1, 2]]), request([[3, 4], [5, 6]]), request([[7, 8]])]
    batcher(model, rows=rows).predict(environs)
    assert [outputs(environ) for environ in environs] == [[[3]], [[7], [11]], [[15]]]
    assert model.calls == rows == [4]


def test_a_call_has_at_most_so_many_rows_and_a_longer_request_runs_alone() -> None:
    model = Model()
    environs = [request([[1, 1]] * count) for count in (3, 2, 9, 1, 3)]
    batcher(model).predict(environs)
    assert model.calls == [3, 2, 9, 4]
    assert [len(outputs(environ)) for environ in environs] == [3, 2, 9, 1, 3]


def test_what_cannot_share_a_batch_is_left_to_the_view() -> None:
    model = Model()
    no_body = {"PATH_INFO": PREDICT, "QUERY_STRING": ""}
    left = [request("not rows"), request([[1, 2]], path="/healthz"), request([[1, 2]], query="layer=conv1"), no_body]
    good = request([[1, 2]])
    batcher(model).predict([*left, good])
    assert model.calls == [1]
    assert outputs(good) == [[3]]
    assert not any(PREPARED in environ for environ in left)


def test_a_batch_that_fails_is_left_to_the_view_and_others_are_not() -> None:
    model = Model()
    environs = [request([[1, 1]] * 3), request([[-1, 1]]), request([[2, 2]])]
    batcher(model).predict(environs)
    assert [PREPARED in environ for environ in environs] == [False, False, True]


def test_it_waits_for_others_until_the_batch_is_full_or_the_delay_is_over() -> None:
    waiting = batcher(Model(), size=4, delay_s=0.010)
    assert waiting.patience_s(1, 0.004) == pytest.approx(0.006)
    assert waiting.patience_s(1, 0.011) == 0.0
    assert waiting.patience_s(4, 0.0) == 0.0
    assert batcher(Model(), size=4).patience_s(1, 0.0) == 0.0


@pytest.fixture(scope="module", params=[0, 2], ids=["no delay", "2 ms delay"])
def batching_server(
    request: pytest.FixtureRequest, model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    settings = {"batch_size": 16, "batch_delay_ms": request.param, "max_body_bytes": 1 << 20}
    with serve(model_dir, "torchscript", tmp_path_factory.mktemp("batching"), **settings) as server:
        yield server


def batches(server: Server) -> tuple[float, float, float]:
    """From /metrics: calls of the model, rows of all, and calls of more than 16 rows."""
    values = {}
    for line in server.ask("GET", "/metrics").body.decode().splitlines():
        name, _, value = line.rpartition(" ")
        values[name.partition("{")[0] + (name[name.find("le=") :] if "le=" in name else "")] = value
    calls = float(values["inference_batch_rows_count"])
    at_most_16 = next(float(v) for k, v in values.items() if k.startswith('inference_batch_rows_bucketle="16.0"'))
    return calls, float(values["inference_batch_rows_sum"]), calls - at_most_16


def connections_to(port: int) -> int:
    found = psutil.Process().net_connections("tcp")
    return sum(c.status == psutil.CONN_ESTABLISHED and c.raddr.port == port for c in found if c.raddr)


@pytest.mark.slow
def test_thirty_two_clients_get_their_own_answers_from_shared_calls(batching_server: Server, golden: Golden) -> None:
    calls_before, rows_before, _ = batches(batching_server)
    images, expected = golden.inputs["image"], golden.outputs["probabilities"]
    start = threading.Barrier(CLIENTS)

    def ask(client: int) -> list[tuple[int, Answer]]:
        start.wait()
        answers = []
        for turn in range(PER_CLIENT):
            index = (client * PER_CLIENT + turn) % len(images)
            body = json.dumps({"instances": images[index : index + 1].tolist()}).encode()
            answers.append((index, batching_server.ask("POST", PREDICT, b"[1" if turn == 5 else body, **JSON)))
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        os.killpg(batching_server.process.pid, signal.SIGSTOP)  # so that the first requests surely wait together
        asked = [pool.submit(ask, client) for client in range(CLIENTS)]
        wait_until(lambda: connections_to(batching_server.port) == CLIENTS, "every client has its connection")
        os.killpg(batching_server.process.pid, signal.SIGCONT)
        answers = [answer for some in asked for answer in some.result()]
    good = [(index, answer) for index, answer in answers if answer.status == 200]
    bad = [answer for _, answer in answers if answer.status != 200]
    assert len(bad) == CLIENTS
    assert all(answer.status == 400 and set(answer.json()) == {"error"} for answer in bad)
    for index, answer in good:
        predictions = np.array(answer.json()["predictions"])
        np.testing.assert_allclose(predictions, expected[index : index + 1], atol=1e-5)
    calls, rows, too_long = batches(batching_server)
    assert rows - rows_before == len(good)
    assert calls - calls_before < len(good)  # some were put together
    assert too_long == 0


@pytest.mark.slow
def test_requests_of_several_rows_and_a_lone_request_are_answered(batching_server: Server, golden: Golden) -> None:
    for count in (1, 3, 20):
        body = json.dumps({"instances": golden.inputs["image"][:count].tolist()}).encode()
        answer = batching_server.ask("POST", PREDICT, body, **JSON)
        np.testing.assert_allclose(
            np.array(answer.json()["predictions"]), golden.outputs["probabilities"][:count], atol=1e-5
        )


@pytest.mark.slow
def test_several_threads_and_batching_are_refused_together(tmp_path: Path) -> None:
    env = environment(Path("/nowhere"), "null", tmp_path, 1, batch_size=4, threads_per_worker=2)
    done = subprocess.run(
        [sys.executable, "-m", "serveoff.services.flaskrest"], env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 3
    assert b"SERVING_BATCH_SIZE is 4" in done.stderr
