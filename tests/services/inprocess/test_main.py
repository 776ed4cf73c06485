"""The floor as the comparison uses it: a process that takes commands and gives events."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serveoff.models.catalog import load_spec
from serveoff.models.formats import AS_SERVED
from serveoff.models.spec import FORMATS
from serveoff.services.inprocess.__main__ import find_call
from serveoff.services.inprocess.floor import WARM_CALLS
from serveoff.services.runtimes import Runtime
from tests.services.flaskrest.serving import environment

IN_EVERY_RUN = ("onnx", "torch_export", "torchscript")
"""Formats whose floors are asked here in every run of the tests; those of the others are in tests/e2e/, too."""


def run(model_dir: Path, format: str, work_dir: Path, *commands: object, **settings: object) -> list[dict[str, Any]]:
    """The events of a session; every line of stdout must be one."""
    text = "".join(json.dumps(command) + "\n" for command in commands)
    env = environment(model_dir, format, work_dir, 0, **settings)
    done = subprocess.run(
        [sys.executable, "-m", "serveoff.services.inprocess"],
        env=env,
        input=text.encode(),
        capture_output=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_end_of_input_ends_it(tmp_path: Path) -> None:
    (ready,) = run(tmp_path, "null", tmp_path)
    assert ready["event"] == "ready"
    assert ready["device"] == "cpu"
    assert ready["load_s"] > 0


def test_measure_brings_the_raw_record(tmp_path: Path) -> None:
    before_s = time.time()
    _, measured = run(tmp_path, "null", tmp_path, {"command": "measure", "duration_s": 0.2})
    assert measured["event"] == "measured"
    assert measured["answers_checked"] > 0
    assert measured["wrong_answers"] == 0
    start_s, latency_s = (np.frombuffer(base64.b64decode(measured[name])) for name in ("start_s", "latency_s"))
    assert len(start_s) == len(latency_s) == measured["requests"]
    assert measured["served"] == measured["requests"] + WARM_CALLS, "what its CPU time is of"
    assert before_s <= start_s.min() <= start_s.max() <= time.time()


@pytest.mark.parametrize(
    "command",
    ["nonsense", [], {}, {"command": "explode"}, {"command": "measure"}, {"command": "measure", "duration_s": "x"}],
)
def test_a_command_that_cannot_be_obeyed_is_an_event_and_the_next_is_obeyed(tmp_path: Path, command: object) -> None:
    _, error, checked = run(tmp_path, "null", tmp_path, command, {"command": "check"})
    assert error["event"] == "error"
    assert "cannot obey" in error["error"]
    assert checked["event"] == "checked"


def test_an_unusable_setting_is_exit_code_3(tmp_path: Path) -> None:
    env = environment(tmp_path, "torchscript", tmp_path, 0)
    done = subprocess.run(
        [sys.executable, "-m", "serveoff.services.inprocess"], env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 3
    assert done.stdout == b""
    assert done.stderr.decode().startswith("error: no model at")


@pytest.mark.slow
@pytest.mark.parametrize(
    "format", [f if f in IN_EVERY_RUN else pytest.param(f, marks=pytest.mark.long) for f in FORMATS]
)
def test_every_format_agrees_with_golden_outputs(model_dir: Path, tmp_path: Path, format: str) -> None:
    measure = {"command": "measure", "duration_s": 0.5}
    ready, checked, measured = run(model_dir, format, tmp_path, {"command": "check"}, measure)
    assert ready["format"] == format
    assert ready["intra_op_threads"] == 1
    assert checked["answers_checked"] == 64
    for event in (checked, measured):
        assert event["wrong_answers"] == 0
        assert event["max_abs_error"] <= 1e-5
        assert event["top1_agreement"] == 1.0


def test_measure_takes_batches_and_names_no_call_that_is_not_there(tmp_path: Path) -> None:
    measure = {"command": "measure", "duration_s": 0.1}
    _, batches, unknown, none = run(
        tmp_path, "null", tmp_path, measure | {"batch": 8}, measure | {"call": "nope"}, measure | {"batch": 0}
    )
    assert batches["answers_checked"] >= 8
    assert batches["wrong_answers"] == 0
    assert [event["event"] for event in (unknown, none)] == ["error", "error"]


@pytest.mark.slow
def test_keras_predict_is_another_call_of_the_eager_model_with_the_same_answers(
    model_dir: Path, tmp_path: Path
) -> None:
    command = {"command": "measure", "duration_s": 0.5, "batch": 8, "call": "keras_predict"}
    _, measured = run(model_dir, "keras_eager", tmp_path, command)
    assert measured["requests"] >= 1
    assert (measured["answers_checked"] % 8, measured["wrong_answers"]) == (0, 0)


def half_way(measured: dict[str, Any]) -> float:
    return float(np.median(np.frombuffer(base64.b64decode(measured["latency_s"]))))


@pytest.mark.slow
@pytest.mark.parametrize("format", ["savedmodel", "frozen_graph"])
def test_a_floor_is_the_quickest_way_to_call_and_the_servers_own_way_is_measured_beside_it(
    model_dir: Path, tmp_path: Path, format: str
) -> None:
    """The best of five of each, in turn: a Session's prepared call does half of what the other does."""
    quickest, as_served = ({"command": "measure", "duration_s": 0.3, "call": call} for call in ("", AS_SERVED))
    _, *measured = run(model_dir, format, tmp_path, *(quickest, as_served) * 5)
    assert all(event["wrong_answers"] == 0 for event in measured)
    assert min(map(half_way, measured[::2])) < min(map(half_way, measured[1::2]))


def test_find_call() -> None:
    calls = {name: (lambda batch: batch) for name in ("predict", "other", "quickest")}
    spec = load_spec("digits_cnn")
    names = {"other": calls["other"]}
    runtime = Runtime(calls["predict"], "cpu", names, spec=spec, framework="none", framework_version="0")
    assert find_call(runtime) is find_call(runtime, AS_SERVED) is calls["predict"]
    assert find_call(runtime, "other") is calls["other"]
    quicker = replace(runtime, quickest=lambda: calls["quickest"])
    assert find_call(quicker) is calls["quickest"]
    assert find_call(quicker, AS_SERVED) is calls["predict"]
