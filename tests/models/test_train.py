from dataclasses import replace

import numpy as np
import pytest

from serveoff.models import zoo
from serveoff.models.formats import find
from serveoff.models.golden import ROWS
from serveoff.models.manifest import read_manifest
from serveoff.models.tensors import misfit
from serveoff.models.train import Course, TrainingError, forward
from serveoff.models.zoo.digits_cnn import SPEC, data, recipe

torch = pytest.importorskip("torch")


def test_the_manifests_accuracy_is_that_of_the_exported_network_on_the_held_out_split(model_dir):
    _, held_out = data.load()
    predict = find("torch_eager").load(model_dir / "torch_eager", SPEC).predict
    accuracy = (predict({"image": held_out.inputs["image"]})["probabilities"].argmax(axis=1) == held_out.targets).mean()
    manifest = read_manifest(model_dir)
    assert manifest.accuracy == pytest.approx(accuracy)
    assert manifest.quality == f"{accuracy:.2%} on the held-out split"
    assert accuracy >= recipe.LEAST_ACCURACY == 0.97


def test_golden_inputs_are_held_out_and_golden_outputs_are_probabilities(golden):
    _, held_out = data.load()
    probabilities = golden.outputs["probabilities"]
    np.testing.assert_array_equal(golden.inputs["image"], held_out.inputs["image"][:ROWS])
    np.testing.assert_array_equal(golden.labels, held_out.targets[:ROWS])
    assert misfit(golden.inputs, SPEC.inputs, 64) == misfit(golden.outputs, SPEC.outputs, 64) == ""
    assert probabilities.min() >= 0.0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert len(set(golden.labels)) == 10


def test_a_network_that_learned_too_little_is_refused(monkeypatch):
    epochs = []
    assert recipe.COURSE.epochs == recipe.EPOCHS == 12
    monkeypatch.setattr(recipe, "COURSE", replace(recipe.COURSE, epochs=1, learning_rate=1e-9))
    with pytest.raises(TrainingError, match=r"digits_cnn reached .*% on the held-out split, below the 97%"):
        recipe.learn(lambda: epochs.append(1))
    assert len(epochs) == 1


def test_training_again_gives_the_same_weights(small_zoo):
    one, other = (zoo.network("pair", "recipe").learn(lambda: None).weights for _ in range(2))
    assert one.keys() == other.keys()
    for name, weight in one.items():
        np.testing.assert_array_equal(other[name], weight, err_msg=name)


def test_a_course_shows_every_example_once_per_epoch_and_augments_each_batch(small_zoo):
    from serveoff.models.train import Examples, fit
    from serveoff.models.zoo.pair import SPEC as PAIR
    from serveoff.models.zoo.pair import torch_module

    seen, epochs = [], []

    def augmented(inputs):
        seen.append(inputs[1].tolist())
        return inputs

    def loss(module, inputs, targets):
        return module(*inputs)[0].sum()

    examples = Examples({"values": np.zeros((5, 4), np.float32), "word": np.arange(5)}, np.zeros(5, np.int64))
    course = Course(epochs=2, batch=3, loss=loss, augment=augmented)
    fit(torch_module.build(), PAIR, examples, course, lambda: epochs.append(len(seen)))
    assert epochs == [2, 4]
    assert sorted(word for batch in seen[:2] for word in batch) == [0, 1, 2, 3, 4]


def test_a_network_is_asked_for_so_many_rows_at_a_time(small_zoo):
    from serveoff.models.zoo.pair import SPEC as PAIR
    from serveoff.models.zoo.pair import torch_module

    module, asked = torch_module.build(), []
    module.register_forward_pre_hook(lambda module, inputs: asked.append(len(inputs[0])))
    answers = forward(module, PAIR, {"values": np.ones((7, 4), np.float32), "word": np.arange(7)}, batch=3)
    assert asked == [3, 3, 1]
    assert misfit(answers, PAIR.outputs, 7) == ""
