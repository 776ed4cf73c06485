"""New versions, gone versions, broken versions and other configs, while requests keep coming."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc
from tensorflow_serving.config import model_server_config_pb2

from serveoff.services.tfserving.embedded.errors import ServingError
from tests.services.tfserving.model_server import Address, in_process, running
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
NO_RETRY = "--max_num_load_retries=0"


def publish(source, base, version):
    """Copy a version in under a name that is no number, then rename: what a careful user does."""
    shutil.copytree(source, base / f"incoming-{version}")
    os.rename(base / f"incoming-{version}", base / str(version))


def served_version(server: Address, model: str = "m") -> object:
    status, answer = server.post(f"/v1/models/{model}:predict", {"instances": [0.0]})
    return answer["predictions"][0] if status == 200 else answer["error"]


def states(server: Address, model: str = "m") -> dict[str, str]:
    _, answer = server.get(f"/v1/models/{model}")
    return {entry["version"]: entry["state"] for entry in answer.get("model_version_status", [])}


@pytest.fixture
def base(tmp_path, several_versions):
    """A base path with version 1."""
    base = tmp_path / "m"
    base.mkdir()
    publish(several_versions / "1", base, 1)
    return base


@pytest.fixture
def followed(base):
    """A server that looks at the base path every second."""
    with in_process("--model_name=m", f"--model_base_path={base}", NO_RETRY) as server:
        yield server


def test_reload_drops_no_request(base, tmp_path, several_versions):
    seen, stop = [], threading.Event()
    with running(tmp_path, "--model_name=m", f"--model_base_path={base}") as server:

        def hammer():
            while not stop.is_set():
                seen.append(served_version(server))

        with ThreadPoolExecutor(4) as pool:
            hammering = [pool.submit(hammer) for _ in range(4)]
            try:
                publish(several_versions / "2", base, 2)
                wait_until(lambda: seen and seen[-1] == 2, "version 2 serves")
                wait_until(lambda: states(server) == {"1": "END", "2": "AVAILABLE"}, "version 1 is unloaded")
                shutil.rmtree(base / "2")
                wait_until(lambda: seen[-1] == 1, "version 1 serves again")
            finally:
                stop.set()
            for future in hammering:
                future.result()
    assert len(seen) > 20
    assert set(seen) == {1, 2}


def test_broken_version_harms_no_other(followed, base, several_versions):
    (base / "5").mkdir()
    (base / "5" / "saved_model.pb").write_bytes(b"this is no graph")
    wait_until(lambda: states(followed).get("5") == "END", "version 5 is given up")
    broken = followed.get("/v1/models/m/versions/5")[1]["model_version_status"][0]["status"]
    assert broken["error_code"] != "OK"
    assert broken["error_message"] != ""
    assert states(followed)["1"] == "AVAILABLE"
    assert served_version(followed) == 1
    publish(several_versions / "2", base, 6)
    wait_until(lambda: served_version(followed) == 2, "a good version takes over")


def test_nothing_left_to_serve(followed, base, several_versions):
    shutil.rmtree(base / "1")
    wait_until(lambda: served_version(followed) == "Servable not found for request: Latest(m)", "version 1 is unloaded")
    assert states(followed) == {"1": "END"}
    publish(several_versions / "1", base, 1)
    wait_until(lambda: served_version(followed) == 1, "version 1 is loaded again")


def test_missing_base_path_keeps_what_is_loaded(followed, base, caplog):
    base.rename(base.with_name("away"))
    wait_until(lambda: "Could not find base path" in caplog.text, "the poll fails")
    assert served_version(followed) == 1


def model_config(tmp_path, **models):
    text = "".join(
        f'config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" {rest} }}\n'
        for name, (base, rest) in models.items()
    )
    path = tmp_path / "models.config"
    path.write_text(f"model_config_list {{ {text} }}")
    return path


def test_broken_model_ends_the_start(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    (tmp_path / "m" / "1" / "saved_model.pb").write_bytes(b"no graph")
    with (
        pytest.raises(ServingError, match=r"1 servable\(s\) did not become available: .*name: default version: 1"),
        in_process(f"--model_base_path={tmp_path / 'm'}", NO_RETRY),
    ):
        pass


def test_label_needs_an_available_version(tmp_path, half_plus_two):
    config = model_config(tmp_path, m=(half_plus_two, 'version_labels { key: "stable" value: 123 }'))
    with (
        pytest.raises(ServingError, match="assign label to version 123 of model m, which is not currently available"),
        in_process(f"--model_config_file={config}"),
    ):
        pass


def test_config_file_is_followed(tmp_path, caplog, half_plus_two, half_plus_three):
    config = model_config(tmp_path, two=(half_plus_two, ""))
    flags = (f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1")
    with in_process(*flags) as server:
        assert server.post("/v1/models/two:predict", {"instances": [2.0]})[1] == {"predictions": [3.0]}
        model_config(tmp_path, three=(half_plus_three, ""))
        wait_until(lambda: states(server, "three") == {"123": "AVAILABLE"}, "the new model is loaded")
        assert server.post("/v1/models/three:predict", {"instances": [2.0]})[1] == {"predictions": [4.0]}
        wait_until(lambda: states(server, "two") == {"123": "END"}, "the old model is unloaded")
        config.write_text("model_config_list { nonsense }")
        wait_until(lambda: "failed to ReloadConfig" in caplog.text, "the broken file is refused")
        assert server.post("/v1/models/three:predict", {"instances": [2.0]})[0] == 200


def test_config_file_is_read_once_by_default(tmp_path, half_plus_two, half_plus_three, several_versions):
    config = model_config(tmp_path, two=(half_plus_two, ""), several=(several_versions, ""))
    with in_process(f"--model_config_file={config}") as server:
        model_config(tmp_path, three=(half_plus_three, ""))
        publish(several_versions / "1", several_versions, 11)
        try:
            wait_until(lambda: states(server, "several").get("11") == "AVAILABLE", "the folders are polled")
        finally:
            shutil.rmtree(several_versions / "11")
        assert server.post("/v1/models/two:predict", {"instances": [2.0]})[0] == 200
        assert server.get("/v1/models/three")[0] == 404


def test_reload_by_request(half_plus_two, several_versions):
    with in_process("--model_name=m", f"--model_base_path={half_plus_two}", NO_RETRY) as server:
        stub = model_service_pb2_grpc.ModelServiceStub(server.channel())

        def reload(*configs):
            request = model_management_pb2.ReloadConfigRequest()
            for name, base, policy in configs:
                entry = request.config.model_config_list.config.add(
                    name=name, base_path=str(base), model_platform="tensorflow"
                )
                entry.model_version_policy.CopyFrom(policy)
            return stub.HandleReloadConfigRequest(request, timeout=60)

        everything = model_server_config_pb2.ModelConfig().model_version_policy
        everything.all.SetInParent()
        assert reload(("several", several_versions, everything)).status.error_code == 0
        assert set(states(server, "several")) == {"1", "2", "10"}
        assert server.post("/v1/models/several/versions/1:predict", {"instances": [0.0]})[1] == {"predictions": [1]}
        assert server.post("/v1/models/m:predict", {"instances": [0.0]})[0] == 404

        with pytest.raises(grpc.RpcError, match="multiple times in config list"):
            reload(("several", several_versions, everything), ("several", several_versions, everything))
        with pytest.raises(grpc.RpcError) as caught:
            stub.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(), timeout=30)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert served_version(server, "several") == 10
