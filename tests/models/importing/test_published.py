"""Models that no one here wrote, imported in both directions: minutes each."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(3600)]

ALL = {"savedmodel", "frozen_graph", "torchscript", "torch_eager"}


@pytest.mark.parametrize("model", ["mobilenet_v2", "resnet50"])
def test_keras_applications_to_torchscript(make, bring, model):
    brought = bring(make(model) / f"{model}.keras")
    assert brought.code == 0, brought.errors
    assert set(brought.manifest.artifacts) >= ALL, brought.output


def test_a_text_encoder_of_keras(make, bring):
    brought = bring(make("keras_encoder") / "encoder.keras", "--input-range", "tokens=0:999")
    assert brought.code == 0, brought.errors
    assert set(brought.manifest.artifacts) >= ALL, brought.output


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
def test_pytorch_to_savedmodel_and_frozen_graph(make, bring, factory, weights, flags):
    brought = bring(factory, "--weights", str(make("torch_published") / weights), *flags)
    assert brought.code == 0, brought.errors
    assert set(brought.manifest.artifacts) >= ALL, brought.output
