"""Models that no one here wrote, imported in both directions and served in every format: minutes each."""

import pytest

from tests.command_line import CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(3600)]

ALL = {"savedmodel", "frozen_graph", "torchscript", "torch_eager"}
SHORT = ("--profile", "quick", "--duration", "1", "--warmup", "0.2", "--concurrency", "1", "--rounds", "1")


def every_artifact_is_served_and_agrees(brought, folder):
    """Every deployment whose format there is, behind its real server, by the gate and under load."""
    assert set(brought.manifest.artifacts) >= ALL, brought.output
    cli = CommandLine(folder, brought.artifacts)
    done = cli.run("run", "--model", brought.name, *SHORT, timeout=1800)
    assert done.returncode in (0, 7), done.stderr  # 7: a second is too short for a p90 of a slow model
    served = [e for e in cli.suite.endpoints if e.format != "null" and not e.unavailable]
    assert {e.format for e in served} == set(brought.manifest.artifacts)
    assert {e.server for e in served} == {"flask", "torchserve", "tfserving-embedded", "inprocess"}
    for endpoint in served:
        assert endpoint.gate.passed, endpoint.gate
        assert sum(w.wrong_answers + w.errors for w in endpoint.windows) == 0
    assert cli.processes() == []


@pytest.mark.parametrize("model", ["mobilenet_v2", "resnet50"])
def test_keras_applications_to_torchscript(make, bring, tmp_path, model):
    brought = bring(make(model) / f"{model}.keras")
    assert brought.code == 0, brought.errors
    every_artifact_is_served_and_agrees(brought, tmp_path)


def test_a_text_encoder_of_keras(make, bring, tmp_path):
    brought = bring(make("keras_encoder") / "encoder.keras", "--input-range", "tokens=0:999")
    assert brought.code == 0, brought.errors
    every_artifact_is_served_and_agrees(brought, tmp_path)


@pytest.mark.parametrize(
    ("factory", "weights", "flags"),
    [
        ("published.resnet:resnet18", "resnet18.pt", ["--input", "x:float32[-1,3,224,224]"]),
        (
            "published.encoder:text_encoder",
            "encoder.pt",
            ["--input", "tokens:int64[-1,32]", "--input-range", "tokens=1:999"],
        ),
    ],
)
def test_pytorch_to_savedmodel_and_frozen_graph(make, bring, tmp_path, factory, weights, flags):
    brought = bring(factory, "--weights", str(make("torch_published") / weights), *flags)
    assert brought.code == 0, brought.errors
    every_artifact_is_served_and_agrees(brought, tmp_path)
