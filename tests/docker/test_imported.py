"""A model that was imported from ONNX on this machine, served and measured in containers."""

import pytest

from tests.command_line import CommandLine
from tests.models.importing.make import onnx

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]

CHOSEN = ("flask-torch-eager", "flask-frozen-graph", "torchserve-torchscript-grpc", "flask-keras-eager")
SMALL = ("--profile", "quick", "--warmup", "0.2", "--concurrency", "1", "--rounds", "1")


def test_its_artifacts_are_brought_to_the_containers_and_agree_there(tmp_path, project, images):
    made = CommandLine(tmp_path, tmp_path / "artifacts", settings={"COMPOSE_PROJECT_NAME": project})
    onnx(tmp_path)
    imported = made.run("import", str(tmp_path / "model.onnx"), "--name", "from_onnx")
    assert imported.returncode == 0, imported.stderr
    result = made.run("run", *CHOSEN, "--model", "from_onnx", "--runtime", "docker", *SMALL, timeout=840)
    assert result.returncode == 0, result.stderr
    absent = {e.endpoint: e.unavailable.text for e in made.suite.endpoints if e.unavailable}
    assert list(absent) == ["flask-keras-eager-rest"]
    assert "no keras_eager artifact" in absent["flask-keras-eager-rest"]
    served = [e for e in made.suite.endpoints if not e.unavailable]
    assert {e.format for e in served} == {"torch_eager", "frozen_graph", "torchscript"}
    for endpoint in served:
        assert endpoint.gate.passed, endpoint.gate
        assert sum(w.answers_checked for w in endpoint.windows) > 0
        assert sum(w.wrong_answers + w.errors for w in endpoint.windows) == 0
    assert made.processes() == []
