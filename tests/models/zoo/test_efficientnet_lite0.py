import numpy as np
import pytest

from serveoff.models.images.photographs import pictures
from serveoff.models.train import forward
from serveoff.models.zoo.efficientnet_lite0 import PIXEL_MEAN, PIXEL_SCALE, SPEC
from serveoff.models.zoo.efficientnet_lite0.recipe import our_name, quality, state_dict, top
from serveoff.models.zoo.efficientnet_lite0.torch_module import build

torch = pytest.importorskip("torch")
SENSIBLE = {"china": {"palace", "monastery", "stupa", "castle"}, "flower": {"daisy", "bee", "pot"}}


@pytest.fixture(scope="module")
def pretrained():
    module = build()
    module.load_state_dict(state_dict())
    return module.eval()


@pytest.fixture(scope="module")
def seen(pretrained):
    """The probabilities for the middle of each photograph."""
    return forward(pretrained, SPEC, {"image": pictures(224, 2).astype("float32")})["probabilities"]


def test_layers_of_the_package_are_found_by_their_place_in_the_network():
    assert our_name("_bn0.running_var") == "stem_bn.running_var"
    assert our_name("_blocks.3._bn0.weight") == "blocks.3.expand_bn.weight"
    assert our_name("_fc.bias") == "classifier.bias"


def test_it_answers_as_the_packages_own_network_does(pretrained):
    published = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
    renamed = {our_name(name): name for name in published.state_dict()}
    published.load_state_dict({renamed[name]: value for name, value in state_dict().items()})
    images = torch.from_numpy(pictures(224, 4).astype("float32"))
    with torch.inference_mode():
        expected = published.eval()((images.permute(0, 3, 1, 2) - PIXEL_MEAN) / PIXEL_SCALE)
        found = pretrained.logits(images)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-4)


@pytest.mark.parametrize(("row", "photograph"), list(enumerate(SENSIBLE)))
def test_it_sees_what_the_photographs_show(seen, row, photograph):
    names = {name for name, _ in top(seen[row])}
    assert names & SENSIBLE[photograph], names


def test_the_quality_names_the_most_probable_classes_of_both_photographs(seen):
    text = quality(seen)
    for photograph, row in zip(SENSIBLE, seen, strict=True):
        name, share = top(row)[0]
        assert f"{photograph}.jpg: {name} {share:.0%}" in text
