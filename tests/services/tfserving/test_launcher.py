from __future__ import annotations

import sys
from pathlib import Path

import pytest

from serveoff.models.manifest import Artifact
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.tfserving import server_id
from serveoff.services.tfserving.launcher import command, environment
from tests.services.tfserving.model_server import spawn

SETTINGS = {"model_dir": Path("/m"), "format": "savedmodel", "grpc_port": 1, "rest_port": 2}


def artifact(format="savedmodel"):
    return Artifact(
        format=format, path=format, sha256="", bytes=0, framework="", framework_version="", inputs=(), outputs=()
    )


@pytest.fixture
def no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def program(monkeypatch, tmp_path):
    path = tmp_path / "tensorflow_model_server"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return str(path)


def test_embedded_without_the_program(no_program):
    argv = command(Settings(**SETTINGS, intra_op_threads=2, workers=2, threads_per_worker=3), artifact())
    assert server_id() == "tfserving-embedded"
    assert argv[:5] == [sys.executable, "-I", "-u", "-m", "serveoff.services.tfserving.embedded"]
    assert {"--host=127.0.0.1", "--port=1", "--rest_api_port=2", "--model_base_path=/m/savedmodel"} <= set(argv)
    assert {"--tensorflow_intra_op_parallelism=2", "--tensorflow_inter_op_parallelism=6"} <= set(argv)


def test_the_real_one_with_its_own_flags_only(program):
    argv = command(Settings(**SETTINGS), artifact())
    assert server_id() == "tfserving"
    assert argv[0] == program
    assert not [flag for flag in argv if flag.startswith(("--host", "--rest_api_max_body_bytes"))]


def test_given_flags_take_the_place_of_the_settings(no_program):
    argv = command(Settings(**SETTINGS, host="0.0.0.0"), artifact(), ["--port=7", "--model_base_path=/models/x"])
    assert argv[5:7] == ["--port=7", "--model_base_path=/models/x"]
    assert "--host=0.0.0.0" in argv
    assert not [flag for flag in argv if flag.startswith(("--rest_api_port", "--model_name"))]


def test_frozen_graph_is_served_by_its_wrapping(no_program):
    argv = command(Settings(**SETTINGS | {"format": "frozen_graph"}), artifact("frozen_graph"))
    assert "--model_base_path=/m/frozen_graph/serving" in argv


def test_batching_parameters(no_program, tmp_path):
    argv = command(Settings(**SETTINGS, batch_size=8, batch_delay_ms=5, work_dir=tmp_path), artifact())
    assert "--enable_batching=true" in argv
    text = (tmp_path / "batching_parameters.pbtxt").read_text()
    assert "max_batch_size { value: 8 }" in text
    assert "batch_timeout_micros { value: 5000 }" in text


def test_no_batching_by_default(no_program):
    assert not [flag for flag in command(Settings(**SETTINGS), artifact()) if "batching" in flag]


def test_no_grpc_port(no_program):
    with pytest.raises(SettingsError, match="SERVING_GRPC_PORT"):
        command(Settings(**SETTINGS | {"grpc_port": 0}), artifact())


def test_cpu_hides_the_gpu():
    assert environment(Settings(**SETTINGS, device="cpu")) == {"CUDA_VISIBLE_DEVICES": "-1"}
    assert environment(Settings(**SETTINGS, device="auto")) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"SERVING_FORMAT": "savedmodel"}, "error: SERVING_MODEL_DIR is not set"),
        ({"SERVING_FORMAT": "torchscript", "SERVING_MODEL_DIR": "."}, "error: SERVING_FORMAT is 'torchscript'"),
        ({"SERVING_FORMAT": "savedmodel", "SERVING_MODEL_DIR": "/nowhere"}, "error: no model at /nowhere"),
        ({"SERVING_FORMAT": "savedmodel", "SERVING_MODEL_DIR": ".", "SERVING_WORKERS": "x"}, "error: SERVING_WORKERS"),
    ],
)
def test_unusable_settings_end_with_three(tmp_path, monkeypatch, environ, text):
    for name in ("SERVING_MODEL_DIR", "SERVING_FORMAT", "SERVING_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    server = spawn(tmp_path, module="serveoff.services.tfserving", **environ)
    assert server.process.wait(30) == 3
    assert server.log_text().startswith(text)
    assert len(server.log_text().splitlines()) == 1
