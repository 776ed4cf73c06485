"""The image models are the same network in all three frameworks, whatever weights they have."""

import numpy as np
import pytest

from serveoff.models import zoo
from serveoff.models.agreement import compare
from serveoff.models.frameworks.keras_weights import filled
from serveoff.models.frameworks.tensorflow_setup import configure
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.images.photographs import pictures
from serveoff.models.train import forward, neutral
from tests.models.zoo.seeded import seeded

torch = pytest.importorskip("torch")
tf1 = tf.compat.v1
MODELS = ("efficientnet_lite0", "resnet50")
PARAMETERS = {"efficientnet_lite0": 4_652_008, "resnet50": 25_557_032}
"""As published: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, and torchvision's."""


@pytest.fixture(autouse=True, scope="module")
def threads():
    """One thread each: sums in another order round elsewhere, and random weights amplify it beyond the tolerance."""
    configure(1, "cpu")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=MODELS)
def drawn(request):
    """A model's spec, its PyTorch network with random weights, two pictures, and what the network says of them."""
    spec = zoo.load_spec(request.param)
    batch = {"image": pictures(224, 2).astype("float32")}
    module = seeded(zoo.network(spec.name, "torch_module").build(), torch.from_numpy(batch["image"]))
    return spec, module, batch, forward(module, spec, batch)


def test_a_network_has_as_many_weights_as_published(drawn):
    spec, module, _, _ = drawn
    assert sum(weight.numel() for weight in module.parameters()) == PARAMETERS[spec.name]


def test_random_weights_still_tell_pictures_apart(drawn):
    _, _, _, expected = drawn
    first, second = expected["probabilities"]
    assert first.max() > 0.01
    assert np.abs(first - second).max() > 1e-3


def test_keras_answers_as_pytorch_does(drawn):
    spec, module, batch, expected = drawn
    network = filled(spec.name, neutral(spec.name, module))
    answers = {"probabilities": network(tf.constant(batch["image"]), training=False).numpy()}
    assert not compare(answers, expected).wrong.any()


def test_a_tensorflow_1_graph_answers_as_pytorch_does(drawn):
    spec, module, batch, expected = drawn
    weights = neutral(spec.name, module)
    with tf.Graph().as_default(), tf1.Session() as session:
        inputs, outputs = zoo.network(spec.name, "tf1_graph").build()
        assert {variable.op.name for variable in tf1.global_variables()} == weights.keys()
        for variable in tf1.global_variables():
            variable.load(weights[variable.op.name], session)
        answers = session.run(outputs, {inputs["image"]: batch["image"]})
    assert not compare(answers, expected).wrong.any()


def test_torchscript_answers_as_pytorch_does_one_row_at_a_time(drawn):
    _, module, batch, expected = drawn
    scripted = torch.jit.freeze(torch.jit.script(module))
    with torch.inference_mode():
        rows = [scripted(torch.from_numpy(batch["image"][row : row + 1])).numpy() for row in range(2)]
    errors = compare({"probabilities": np.concatenate(rows)}, expected)
    assert errors.same_top.all()
    assert errors.share.max() < 4, "fused operations round in another order, and random weights amplify it"
