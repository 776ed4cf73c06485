"""The stack on a GPU, as far as a machine without one can tell: what Compose makes of the files.

That a model which computes elsewhere is found out is tested where it is: tests/models/test_devices.py and
tests/serveoff/measure/audit/test_device.py.
"""

import shutil
import subprocess

import pytest

from serveoff.services.registry import read_registry
from tests.docker.stack import Stack

BASE, GPU = "docker-compose.yml", "docker-compose.gpu.yml"
EMBEDDED, EMBEDDED_GPU = "docker-compose.embedded.yml", "docker-compose.embedded-gpu.yml"
ON_GPU = [(BASE, GPU), (BASE, GPU, EMBEDDED), (BASE, EMBEDDED, GPU), (BASE, GPU, EMBEDDED, EMBEDDED_GPU)]


@pytest.fixture(scope="module", autouse=True)
def compose():
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("SKIPPED LOUDLY: `docker compose` is not installed, the GPU's files are not checked by it")


def servers(*files, **variables):
    """The services that are deployments, but null, which computes nothing."""
    services = Stack("serveoff-test-gpu", variables, files).config()
    deployments = {name: block for name, block in services.items() if "serving.server" in block.get("labels", {})}
    assert deployments.pop("flask-tuned-null")["environment"]["SERVING_FORMAT"] == "null"
    return deployments


def devices(block):
    return block.get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices", [])


@pytest.mark.parametrize("files", ON_GPU, ids="+".join)
def test_every_server_and_floor_is_given_the_gpu_and_asked_to_use_it(files):
    for name, block in servers(*files).items():
        assert devices(block) == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}], name
        assert block["environment"]["SERVING_DEVICE"] == "cuda", name
        assert block["environment"]["TF_FORCE_GPU_ALLOW_GROWTH"] == "true", name


@pytest.mark.parametrize("files", [(BASE,), (BASE, EMBEDDED)], ids="+".join)
def test_without_its_file_nothing_asks_for_a_gpu(files):
    for name, block in servers(*files).items():
        assert devices(block) == [], name
        assert block["environment"]["SERVING_DEVICE"] == "auto", name


def test_images_are_others_by_tag_and_build_argument_of_the_same_dockerfiles():
    plain, gpu = servers(BASE), servers(BASE, GPU)
    for name, block in gpu.items():
        assert block["image"] != plain[name]["image"], name
        assert block["image"].endswith("gpu"), name
        if "build" in block:
            assert block["build"]["dockerfile"] == plain[name]["build"]["dockerfile"]
            assert block["build"].get("target") == plain[name]["build"].get("target")
    assert gpu["flask-savedmodel"]["build"]["args"]["TENSORFLOW"] == "tensorflow[and-cuda]==2.21.0"
    assert gpu["tfserving-savedmodel"]["image"] == "tensorflow/serving:2.19.1-gpu"


def test_a_wheel_index_of_cpu_builds_does_not_reach_a_gpu_image():
    asked = {"TORCH_INDEX": "https://example.org/cpu", "TENSORFLOW": "tensorflow-cpu==2.21.0", "BASE_IMAGE": "other"}
    gpu = servers(BASE, GPU, **asked)
    for name in ("flask-torchscript", "torchserve-torchscript", "inprocess-torch-eager"):
        expected = {"BASE_IMAGE": "other", "TORCH": "torch==2.13.0", "TORCH_INDEX": ""}
        assert gpu[name]["build"]["args"] == expected
    assert gpu["flask-keras-eager"]["build"]["args"]["TENSORFLOW"] == "tensorflow[and-cuda]==2.21.0"


def test_how_many_gpus_is_a_setting():
    assert {devices(block)[0]["count"] for block in servers(BASE, GPU, GPU_COUNT="2").values()} == {2}


def test_what_makes_a_comparison_fair_is_as_without_a_gpu():
    plain, gpu = servers(BASE), servers(BASE, GPU)
    for setting in ("cpuset", "mem_limit", "user", "read_only", "cap_drop", "security_opt", "volumes", "healthcheck"):
        assert {name: block.get(setting) for name, block in gpu.items()} == {
            name: block.get(setting) for name, block in plain.items()
        }


def test_the_embedded_model_server_has_a_gpu_image_of_its_own():
    for name in ("tfserving-savedmodel", "tfserving-frozen-graph"):
        block = servers(BASE, GPU, EMBEDDED, EMBEDDED_GPU)[name]
        assert block["image"] == "serveoff/tfserving-embedded:gpu"
        assert block["build"]["args"]["TENSORFLOW"] == "tensorflow[and-cuda]==2.21.0"
        assert block["labels"]["serving.server"] == "tfserving-embedded"


def test_the_registry_has_the_same_deployments_on_a_gpu():
    files = {"COMPOSE_FILE": f"{BASE}:{GPU}"}
    assert [d.name for d in read_registry(environ=files)] == [d.name for d in read_registry(environ={})]
    assert {d.environment["SERVING_DEVICE"] for d in read_registry(environ=files)} == {"cuda"}
