"""What is in the images, and that a build does again only what changed."""

import json

import docker
import pytest

from tests.docker.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.slow]

BUILT = (
    "export",
    "flaskrest-tensorflow",
    "flaskrest-torch",
    "flaskrest-onnx",
    "torchserve",
    "tfserving-embedded",
    "locust",
    "compare",
    "report",
)
FRAMEWORKS = {
    "export": {"torch", "tensorflow", "onnxruntime"},
    "flaskrest-tensorflow": {"tensorflow"},
    "flaskrest-torch": {"torch", "onnx2torch"},
    "flaskrest-onnx": {"onnxruntime"},
    "torchserve": {"torch"},
    "tfserving-embedded": {"tensorflow"},
    "locust": set(),
    "compare": set(),
    "report": set(),
}
SERVER = {"models", "services"}
FOLDERS = {
    "export": {"models"},
    "flaskrest-tensorflow": SERVER,
    "flaskrest-torch": SERVER,
    "flaskrest-onnx": SERVER,
    "torchserve": SERVER,
    "tfserving-embedded": SERVER,
    "locust": {"models", "services", "loadtests"},
    "compare": {"models", "services", "loadtests"},
    "report": {"services", "loadtests"},
}
LOOK = """
import importlib.util, json, os, pathlib, pwd, sys
found = {name for name in ("torch", "onnx2torch", "tensorflow", "onnxruntime") if importlib.util.find_spec(name)}
site = pathlib.Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
ours = [path for path in pathlib.Path("/app").rglob("*.py")]
print(json.dumps({
    "frameworks": sorted(found),
    "user": [os.getuid(), os.getgid(), pwd.getpwuid(os.getuid()).pw_dir, os.environ["HOME"]],
    "tools": [name for name in ("pip", "setuptools", "wheel") if (site / name).exists()],
    "uncompiled": [str(p) for p in ours if not list((p.parent / "__pycache__").glob(f"{p.stem}.*.pyc"))],
    "writable": [str(p) for p in (*ours, site, pathlib.Path("/app")) if os.access(p, os.W_OK)],
    "folders": sorted(p.name for p in pathlib.Path("/app").iterdir() if p.name != "__pycache__"),
    "packages": sorted({str(p.parent.relative_to("/app")) for p in ours}),
}))
"""

RUN_ONNX = """
import torch
from onnx import TensorProto, helper
from serveoff.models.loading import model_onnx

x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", [x], [y])
module = model_onnx.read(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9))
print(module(torch.tensor([[-1.0, 2.0]])).tolist())
"""


@pytest.fixture(scope="module", params=BUILT)
def image(request, images):
    """An image's name and what a process of it sees, in a container as hardened as the stack's."""
    output = docker.from_env().containers.run(
        f"serveoff/{request.param}",
        entrypoint=["python", "-c", LOOK],
        command=[],
        remove=True,
        read_only=True,
        cap_drop=["ALL"],
        tmpfs={"/tmp": ""},
    )
    return request.param, json.loads(output)


def test_each_image_has_its_own_framework_only(image):
    name, seen = image
    assert set(seen["frameworks"]) == FRAMEWORKS[name]


def test_it_runs_as_a_user_that_owns_nothing(image):
    _, seen = image
    assert seen["user"] == [10001, 10001, "/tmp", "/tmp"]
    assert seen["writable"] == []


def test_no_build_tools_and_all_code_compiled(image):
    name, seen = image
    assert seen["tools"] == []
    assert seen["uncompiled"] == []
    assert "tests" not in seen["folders"]
    assert set(seen["folders"]) == {"serveoff", *FOLDERS[name]}
    assert ("serveoff/record" in seen["packages"]) == (name in ("compare", "report"))


def test_an_imported_onnx_file_runs_in_the_image_of_pytorch(images):
    run = docker.from_env().containers.run
    assert run("serveoff/flaskrest-torch", ["python", "-I", "-c", RUN_ONNX], remove=True) == b"[[0.0, 2.0]]\n"


def test_labels_and_commands(images):
    for name in BUILT:
        config = docker.from_env().images.get(f"serveoff/{name}").attrs["Config"]
        assert config["Labels"]["org.opencontainers.image.title"] == f"serveoff {name}"
        assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
        assert "/bin/sh" not in [*(config["Entrypoint"] or []), *(config["Cmd"] or [])]


def test_a_second_build_finds_every_step_done(images):
    lines = Stack("serveoff-test-images").build().splitlines()
    # Files are sent to the engine to be compared, and bases looked up; what a step then does is `[stage n/m] RUN ...`.
    steps = {line.split()[0] for line in lines if "] RUN " in line or "] COPY " in line}
    cached = {line.split()[0] for line in lines if line.endswith(" CACHED")}
    assert len(steps) > 30
    assert steps <= cached
