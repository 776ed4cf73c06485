"""Start, refuse to start, stop."""

from __future__ import annotations

import signal
import socket
import threading

import pytest

from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.flags import parse
from serveoff.services.tfserving.embedded.server import ModelServer
from tests.services.tfserving.model_server import in_process, running, spawn
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def ended(server, timeout_s=60):
    """The exit code and the log of a server that ends by itself."""
    try:
        return server.process.wait(timeout_s), server.log_text()
    finally:
        server.stop(signal.SIGKILL)


def test_stops_with_zero(tmp_path, half_plus_two):
    with running(tmp_path, f"--model_base_path={half_plus_two}") as server:
        assert server.post("/v1/models/default:predict", {"instances": [2.0]})[0] == 200
        assert server.stop(signal.SIGTERM) == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", server.rest_port)) != 0


def test_separate_flags_and_batching(tmp_path, half_plus_two):
    parameters = tmp_path / "batching.pbtxt"
    parameters.write_text("max_batch_size { value: 4 } batch_timeout_micros { value: 2000 }")
    flags = ("--model_name", "m", "--model_base_path", str(half_plus_two), "--enable_batching")
    with in_process(*flags, f"--batching_parameters_file={parameters}") as server:
        assert server.post("/v1/models/m:predict", {"instances": [2.0, 4.0]}) == (200, {"predictions": [3.0, 4.0]})
        status, answer = server.post("/v1/models/m:predict", {"instances": [2.0] * 5})
        assert (status, answer["error"]) == (400, "Task size 5 is larger than maximum input batch size 4")


def test_waits_for_a_model(tmp_path, half_plus_two):
    base = tmp_path / "later"
    server = spawn(tmp_path, f"--model_base_path={base}")
    try:
        wait_until(lambda: "Could not find base path" in server.log_text(), "the missing folder is logged")
        assert server.process.poll() is None
        base.symlink_to(half_plus_two)
        wait_until(lambda: "Exporting HTTP/REST API" in server.log_text(), "the model is found")
        assert server.post("/v1/models/default:predict", {"instances": [2.0]}) == (200, {"predictions": [3.0]})
    finally:
        assert server.stop(signal.SIGINT) == 0


def test_stops_while_it_waits(tmp_path):
    stop = threading.Event()
    server = ModelServer(parse([f"--model_base_path={tmp_path / 'nothing'}"]), stop)
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(ServingError, match="stopped while waiting"):
        server.run()


def test_port_in_use(tmp_path, half_plus_two):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, log = ended(spawn(tmp_path, f"--model_base_path={half_plus_two}", f"--rest_api_port={port}"))
    assert code == 255
    assert f"cannot listen on 127.0.0.1:{port}" in log


def test_bad_model_config(tmp_path):
    config = tmp_path / "bad.config"
    config.write_text("improperly formatted file")
    code, log = ended(spawn(tmp_path, f"--model_config_file={config}"))
    assert code == 255
    assert f"Invalid protobuf file: '{config}'" in log
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig" in log


def test_unknown_flag(tmp_path):
    code, log = ended(spawn(tmp_path, "--model_base_path=/nowhere", "--no_such_flag=1"))
    assert code == 255
    assert "unknown argument: --no_such_flag=1" in log
    assert "--model_base_path" in log
