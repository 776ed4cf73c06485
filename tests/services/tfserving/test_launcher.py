"""The flags that the settings come to, for TensorFlow Serving and for the embedded model server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.services.registry import read_registry, service_block
from serveoff.services.runtimes import WARM_UP_CALLS
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.tfserving import server_id
from serveoff.services.tfserving.embedded import config
from serveoff.services.tfserving.embedded.flags import parse as parse_flags
from serveoff.services.tfserving.launcher import CONFIG, check_ports, command, environment
from tests.services.tfserving import published
from tests.services.tfserving.model_server import spawn

SETTINGS = {"model_dir": Path("/m"), "format": "savedmodel", "grpc_port": 1, "rest_port": 2}
TELLS = '#!/bin/sh\nprintf "%s\\n" "$@"\n'


@pytest.fixture
def no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def program(monkeypatch, tmp_path):
    """A program of TensorFlow Serving's name that prints its flags."""
    path = tmp_path / "tensorflow_model_server"
    path.write_text(TELLS)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)


def flags(*given, **settings):
    return ran(command(given), environment(Settings(**SETTINGS | settings)))


def ran(argv, environ):
    result = subprocess.run(argv, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def batching(flags):
    (file,) = (flag.partition("=")[2] for flag in flags if flag.startswith("--batching_parameters_file="))
    return Path(file).read_text()


def test_the_real_server_has_its_own_flags_only(program):
    assert server_id() == "tfserving"
    assert flags() == [
        "--port=1",
        "--rest_api_port=2",
        "--model_name=digits_cnn",
        "--model_base_path=/m/savedmodel",
        f"--monitoring_config_file={CONFIG / 'monitoring.config'}",
        "--grpc_max_threads=64",
        "--rest_api_num_threads=64",
        f"--num_request_iterations_for_warmup={WARM_UP_CALLS}",
        "--tensorflow_intra_op_parallelism=1",
        "--tensorflow_inter_op_parallelism=1",
    ]


def test_the_embedded_server_has_the_same_and_three_more(program, tmp_path):
    of_the_real_one = flags()
    (tmp_path / "python").write_text(TELLS)
    (tmp_path / "python").chmod(0o755)
    environ = environment(Settings(**SETTINGS)) | {"SERVING_EMBEDDED": str(tmp_path / "python")}
    limits = [f"--rest_api_max_body_bytes={8 * 2**20}", f"--grpc_max_message_bytes={8 * 2**20}"]
    started = ["-I", "-u", "-m", "serveoff.services.tfserving.embedded"]
    assert ran(command(), environ) == [*started, "--host=127.0.0.1", *limits, *of_the_real_one]


def test_it_stands_in_where_the_program_is_missing(no_program):
    assert server_id() == "tfserving-embedded"
    assert environment(Settings(**SETTINGS))["SERVING_EMBEDDED"] == sys.executable


def test_threads_of_all_workers(program):
    threads = {"intra_op_threads": 2, "workers": 2, "threads_per_worker": 3, "request_threads": 100}
    assert [flag for flag in flags(**threads) if "threads" in flag or "parallelism" in flag] == [
        "--grpc_max_threads=100",
        "--rest_api_num_threads=100",
        "--tensorflow_intra_op_parallelism=2",
        "--tensorflow_inter_op_parallelism=6",
    ]


def test_default_settings_leave_every_thread_to_the_server(program):
    defaults = {"out_of_the_box": 1, "intra_op_threads": 0, "threads_per_worker": 0}
    assert not [flag for flag in flags(**defaults) if "threads" in flag or "parallelism" in flag]


def test_given_flags_come_last(program):
    assert flags("--port=7", "--model_base_path=/with a space")[-2:] == ["--port=7", "--model_base_path=/with a space"]


def test_a_precision_that_it_does_not_compute_in_is_refused(program):
    with pytest.raises(SettingsError, match="SERVING_PRECISION is 'bfloat16'"):
        flags(precision="bfloat16")
    script = ["sh", CONFIG / "start.sh"]
    done = subprocess.run(script, env={**os.environ, "SERVING_PRECISION": "int8"}, capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr.startswith("error: SERVING_PRECISION is 'int8'")


def test_frozen_graph_is_served_by_its_wrapping(program):
    assert "--model_base_path=/m/frozen_graph/serving" in flags(format="frozen_graph")


def test_batches_can_fill(program, tmp_path):
    found = flags(batch_size=80, batch_delay_ms=5, work_dir=tmp_path)
    assert "--enable_batching=true" in found
    assert {"--grpc_max_threads=160", "--rest_api_num_threads=160"} <= set(found)
    assert batching(found).splitlines() == [
        "max_batch_size { value: 80 }",
        "batch_timeout_micros { value: 5000 }",
        "max_enqueued_batches { value: 100 }",
        "num_batch_threads { value: 1 }",
    ]
    assert published.parse("BatchingParameters", batching(found)).max_batch_size.value == 80
    read = config.batching_parameters(parse_flags(found), cpus=4)
    assert read == config.BatchingParameters(
        max_batch_size=80, batch_timeout_s=0.005, num_batch_threads=1, max_enqueued_batches=100
    )


def test_batches_of_default_settings_have_as_many_threads_as_the_server_chooses(program, tmp_path):
    found = flags(out_of_the_box=1, threads_per_worker=0, batch_size=8, work_dir=tmp_path)
    assert "num_batch_threads" not in batching(found)


def test_a_start_without_warm_up_replays_no_request(program):
    assert [flag for flag in flags(warmup=0) if "warmup" in flag] == ["--enable_model_warmup=false"]


def test_no_batching_by_default(program):
    assert not [flag for flag in flags() if "batching" in flag]


@pytest.mark.parametrize("variables", [{}, {"WORKERS": "2", "BATCH_SIZE": "8", "BATCH_DELAY_MS": "5"}])
@pytest.mark.parametrize("service", ["tfserving-savedmodel", "tfserving-frozen-graph"])
def test_a_container_has_the_same_flags_for_what_env_says(program, tmp_path, service, variables):
    block = service_block(service, variables)
    (deployment,) = (d for d in read_registry(environ=variables) if d.service == service)
    assert block["entrypoint"] == ["sh", "/config/start.sh"]
    assert {"source": "start", "target": "/config/start.sh"} in block["configs"]
    in_container = ran(["sh", str(CONFIG / "start.sh")], {**block["environment"], "SERVING_WORK_DIR": str(tmp_path)})
    of_container = batching(in_container) if variables else ""
    settings = Settings.from_env({**deployment.environment, "SERVING_WORK_DIR": str(tmp_path)})
    in_process = ran(command(), environment(settings))
    assert in_container == in_process
    assert not variables or of_container == batching(in_process)


def test_a_port_that_is_taken_is_said_at_once():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"SERVING_REST_PORT is {port}: Address already in use"):
            check_ports(Settings(**SETTINGS | {"grpc_port": free_port(), "rest_port": port}))


def test_its_start_is_in_the_log_before_its_own_lines(program):
    found = subprocess.run(
        command(), env={**os.environ, **environment(Settings(**SETTINGS)), "SERVING_EMBEDDED": ""}, capture_output=True
    )
    assert re.fullmatch(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: I serveoff-start\n", found.stderr)


def test_no_grpc_port():
    with pytest.raises(SettingsError, match="SERVING_GRPC_PORT"):
        environment(Settings(**SETTINGS | {"grpc_port": 0}))


def test_cpu_hides_the_gpu():
    assert environment(Settings(**SETTINGS, device="cpu"))["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CUDA_VISIBLE_DEVICES" not in environment(Settings(**SETTINGS, device="auto"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"SERVING_FORMAT": "savedmodel"}, "error: SERVING_MODEL_DIR is not set"),
        (
            {"SERVING_FORMAT": "torchscript", "SERVING_MODEL_DIR": ".", "SERVING_GRPC_PORT": "1"},
            "error: SERVING_FORMAT is 'torchscript'",
        ),
        (
            {"SERVING_FORMAT": "savedmodel", "SERVING_MODEL_DIR": "/nowhere", "SERVING_GRPC_PORT": "1"},
            "error: no model at /nowhere",
        ),
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
