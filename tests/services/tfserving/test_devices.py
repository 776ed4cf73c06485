"""The embedded model server tells its devices in its log, by the words that TensorFlow Serving has for a GPU."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import tensorflow as tf

from serveoff.measure.audit.reported_settings import read_device
from serveoff.services.registry import read_registry
from serveoff.services.reported_settings import settings_in
from serveoff.services.settings import Settings
from serveoff.services.tfserving.embedded.servable import SessionOptions, load
from serveoff.services.tfserving.launcher import environment

(TFSERVING,) = (d for d in read_registry(environ={}) if d.name == "tfserving-savedmodel")
DEVICE = "/job:localhost/replica:0/task:0/device:{}:0"


@pytest.mark.parametrize(("devices", "found"), [(("CPU", "GPU"), "cuda:0"), (("CPU",), "cpu")])
def test_a_session_with_a_gpu_says_so(monkeypatch, caplog, tmp_path, half_plus_two, devices, found):
    listed = [SimpleNamespace(name=DEVICE.format(kind)) for kind in devices]
    monkeypatch.setattr(tf.compat.v1.Session, "list_devices", lambda self: listed)
    with caplog.at_level("INFO"):
        load("m", 123, half_plus_two / "00000123", SessionOptions())
    log = tmp_path / "log"
    log.write_text("\n".join(caplog.messages))
    assert read_device(SimpleNamespace(deployment=TFSERVING, addresses={}, log=log)) == found


@pytest.mark.slow
def test_a_running_server_has_told_before_it_listens(all_models):
    assert "device" in settings_in(all_models.log_text())
    found = read_device(SimpleNamespace(deployment=TFSERVING, addresses={}, log=all_models.log))
    assert found == ("cuda:0" if tf.config.list_physical_devices("GPU") else "cpu")


def test_the_pattern_finds_a_gpu_in_the_lines_of_tensorflow_serving():
    line = (
        "2025-09-02 10:14:31.102883: I external/org_tensorflow/tensorflow/core/common_runtime/gpu/gpu_device.cc:2019] "
        f"Created device {DEVICE.format('GPU')} with 13764 MB memory:  -> device: 0, name: Tesla T4"
    )
    assert re.search(TFSERVING.device_log, line)[1] == "GPU:0"


@pytest.mark.parametrize(("device", "hides"), [("cpu", True), ("auto", False), ("cuda", False)])
def test_a_gpu_is_hidden_from_a_server_that_is_asked_for_the_cpu(tmp_path, device, hides):
    settings = Settings(tmp_path, "savedmodel", grpc_port=1, device=device)
    assert environment(settings).get("CUDA_VISIBLE_DEVICES") == ("-1" if hides else None)
