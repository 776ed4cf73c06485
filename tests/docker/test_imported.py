"""A model that was imported on this machine, with two inputs and two outputs, served and measured in containers."""

import pytest

from tests.command_line import MEASURED, CommandLine
from tests.services.two_tensors import NAME
from tests.services.two_tensors_artifacts import write_model

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]

CHOSEN = ("flask-torchscript", "flask-savedmodel", "torchserve-torchscript-grpc", "flask-keras-eager")
SMALL = ("--profile", "quick", "--warmup", "0.2", "--concurrency", "1", "--rounds", "1")


def test_its_artifacts_are_brought_to_the_containers_and_agree_there(tmp_path, project, images):
    made = CommandLine(tmp_path, tmp_path / "artifacts", settings={"COMPOSE_PROJECT_NAME": project})
    write_model(tmp_path / "artifacts", ("torchscript", "savedmodel"))
    result = made.run("run", *CHOSEN, "--model", NAME, "--runtime", "docker", *SMALL, timeout=840)
    assert result.returncode in MEASURED, result.stderr
    absent = {e.endpoint: e.unavailable.text for e in made.suite.endpoints if e.unavailable}
    assert list(absent) == ["flask-keras-eager-rest"]
    assert "no keras_eager artifact" in absent["flask-keras-eager-rest"]
    served = [e for e in made.suite.endpoints if not e.unavailable]
    assert {e.endpoint for e in served} == {
        "flask-torchscript-rest", "flask-savedmodel-rest", "torchserve-torchscript-grpc",
    }  # fmt: skip
    for endpoint in served:
        assert endpoint.gate.passed, endpoint.gate
        assert endpoint.gate.checked == 5
        assert sum(w.answers_checked for w in endpoint.windows) > 0
        assert sum(w.wrong_answers + w.errors for w in endpoint.windows) == 0
    assert made.processes() == []
