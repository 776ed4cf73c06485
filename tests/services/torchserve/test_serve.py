"""The launcher: what it refuses, and that nothing outlives it."""

import json
import os
import shutil
import signal
import socket

import pytest

from serveoff.models.manifest import digest
from tests.bad_inputs import GOOD, send
from tests.services.torchserve.running import STOP_S, alive, start
from tests.waiting import wait_until

START_REFUSED_S = 60


@pytest.fixture
def own_model(model_dir, tmp_path):
    """A copy of the model's folder, to be spoilt."""
    return shutil.copytree(model_dir, tmp_path / "models" / "digits_cnn", ignore=shutil.ignore_patterns("savedmodel"))


def torchscript_file(folder):
    return next((folder / "torchscript").rglob("*.pt"))


def refusal(running):
    code = running.process.wait(START_REFUSED_S)
    assert code == 3, running.log.read_text()
    errors = [line for line in running.log.read_text().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, running.log.read_text()
    return errors[0]


@pytest.mark.slow
def test_an_altered_artifact_is_refused(own_model, tmp_path):
    path = torchscript_file(own_model)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert "changed after its export" in refusal(start(own_model, tmp_path))


@pytest.mark.slow
def test_a_missing_model_is_refused(tmp_path):
    assert "no model at" in refusal(start(tmp_path / "nowhere", tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [("FORMAT", "savedmodel"), ("MANAGEMENT_PORT", "0"), ("GRPC_PORT", "70000"), ("WORKERS", "many"), ("WORKERS", "0")],
)
def test_an_unusable_setting_is_refused_by_name(model_dir, tmp_path, name, value):
    message = refusal(start(model_dir, tmp_path, **{name: value}))
    assert f"SERVING_{name}" in message
    assert value in message


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine has a GPU")
def test_a_device_that_only_the_worker_can_miss_is_refused_the_same(model_dir, tmp_path):
    assert "SERVING_DEVICE is cuda" in refusal(start(model_dir, tmp_path, DEVICE="cuda"))


@pytest.mark.slow
def test_a_model_that_does_not_load_ends_the_server_with_the_cause(own_model, tmp_path):
    path = torchscript_file(own_model)
    path.write_bytes(b"not a TorchScript file")
    manifest = json.loads((own_model / "manifest.json").read_text())
    artifact = manifest["artifacts"]["torchscript"]
    artifact["sha256"] = digest(own_model / artifact["path"])
    (own_model / "manifest.json").write_text(json.dumps(manifest))
    running = start(own_model, tmp_path)
    assert running.process.wait(START_REFUSED_S) == 1
    log = running.log.read_text()
    assert "error: a worker ended while it loaded the model" in log
    assert "torch.jit.load" in log


@pytest.mark.slow
def test_a_port_in_use_ends_the_server(model_dir, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = start(model_dir, tmp_path, REST_PORT=str(taken.getsockname()[1]))
        family = running.family()
        assert running.process.wait(START_REFUSED_S) == 1
    assert "error: TorchServe's frontend ended" in running.log.read_text()
    assert alive(family) == []


@pytest.mark.slow
def test_two_instances_side_by_side_and_sigterm_leaves_nothing(server, model_dir, tmp_path):
    """The second one starts beside the first, answers, and goes without a trace; the first goes on."""
    second = start(model_dir, tmp_path, WORKERS="2")
    try:
        second.wait_ready()
        assert len(second.workers()) == 2
        assert send("127.0.0.1", second.port("REST"), GOOD).body == send("127.0.0.1", server.port("REST"), GOOD).body
        family = second.family()
        assert len(family) == 4  # launcher, frontend, two workers
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(STOP_S) == 0
        assert alive(family) == []
        assert list((tmp_path / "work").iterdir()) == []
    finally:
        second.stop()
    assert send("127.0.0.1", server.port("REST"), GOOD).status == 200


@pytest.mark.slow
def test_no_orphans_when_the_launcher_or_the_frontend_is_killed(model_dir, tmp_path):
    both = [start(model_dir, tmp_path / name) for name in ("launcher", "frontend")]
    try:
        for victim, running in enumerate(both):
            running.wait_ready()
            family = running.family()
            family[victim].kill()
            wait_until(lambda family=family: alive(family) == [])
        assert [running.process.wait(STOP_S) for running in both] == [-signal.SIGKILL, 1]
    finally:
        for running in both:
            running.stop()


@pytest.mark.slow
def test_a_server_that_was_frozen_goes_on(server):
    """The runner freezes idle deployments: SIGSTOP to the process group, SIGCONT later."""
    os.killpg(server.process.pid, signal.SIGSTOP)
    os.killpg(server.process.pid, signal.SIGCONT)
    assert send("127.0.0.1", server.port("REST"), GOOD).status == 200


@pytest.mark.slow
def test_it_starts_in_a_folder_of_any_letters_in_a_locale_without_them(model_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    folder = tmp_path / "wörk 日本"
    (folder / "tmp").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    running = start(model_dir, folder)
    try:
        running.wait_ready()
        assert send("127.0.0.1", running.port("REST"), GOOD).status == 200
    finally:
        running.stop()
    assert list((folder / "work").iterdir()) == []
