"""The Server-Timing header: its parts sum to its total, and each holds what it names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from flask import Flask

from serveoff.models.formats import Predict
from serveoff.models.tensors import Batch
from serveoff.services.flaskrest import metrics, predict
from serveoff.services.flaskrest.timing import server_timing
from tests.bad_inputs import GOOD, PREDICT
from tests.services.flaskrest.serving import serve

PARTS = ["queue", "parse", "predict", "encode", "total"]
SLOW_S = 30.0


def durations_ms(header: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(\w+);dur=([\d.]+)", header)}


def test_the_queue_is_what_the_other_parts_leave_of_the_total() -> None:
    header = server_timing(total_s=0.010, parse_s=0.001, predict_s=0.002, encode_s=0.003)
    assert header == "queue;dur=4.000, parse;dur=1.000, predict;dur=2.000, encode;dur=3.000, total;dur=10.000"


def test_parts_sum_to_the_total_and_predict_holds_the_model(
    make_app: Callable[[Predict], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept_s = 0.0
    for module in (metrics, predict):
        monkeypatch.setattr(module, "perf_counter", lambda: perf_counter() + slept_s)

    def slow(batch: Batch) -> Batch:
        nonlocal slept_s
        slept_s += SLOW_S
        return {"probabilities": np.zeros((1, 10), np.float32)}

    answer = make_app(slow).test_client().post(PREDICT, data=GOOD.body)
    found = durations_ms(answer.headers["Server-Timing"])
    assert list(found) == PARTS
    assert sum(found[name] for name in PARTS[:4]) == pytest.approx(found["total"], abs=0.002)
    assert found["predict"] >= SLOW_S * 1e3
    assert found["parse"] > 0


def test_a_refusal_has_no_timing(null_app: Flask) -> None:
    assert "Server-Timing" not in null_app.test_client().post(PREDICT, data=b"[").headers


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"threads_per_worker": 2}, {"batch_size": 8}], ids=str)
def test_every_kind_of_worker_times_its_requests(tmp_path: Path, settings: dict[str, int]) -> None:
    with serve(Path("/nowhere"), "null", tmp_path, **settings) as server:
        for _ in range(2):
            header = server.ask("POST", PREDICT, GOOD.body, content_type="application/json").headers["Server-Timing"]
            found = durations_ms(header)
            assert sum(found[name] for name in PARTS[:4]) == pytest.approx(found["total"], abs=0.002)
