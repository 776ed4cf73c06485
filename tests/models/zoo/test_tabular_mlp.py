from dataclasses import replace

import numpy as np
import pytest
import torch

from serveoff.models.train import TrainingError
from serveoff.models.zoo.tabular_mlp import SPEC, data, recipe, torch_module
from tests.models.zoo.exporting import assert_sound, exported
from tests.models.zoo.three_ways import assert_alike, random_weights


def test_the_three_networks_agree_on_raw_features():
    train, held_out = data.load()
    weights = random_weights("tabular_mlp")
    weights["standardise/moving_mean"] = train.inputs["features"].mean(axis=0)
    weights["standardise/moving_variance"] = train.inputs["features"].var(axis=0)
    probabilities = assert_alike("tabular_mlp", weights, {"features": held_out.inputs["features"]})["probabilities"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert np.ptp(probabilities[:, 0]) > 0.1  # rows are told apart, so agreeing means something


def test_features_come_as_they_were_measured_and_are_standardised_within():
    train, _ = data.load()
    assert train.inputs["features"].max() > 1000
    module = torch_module.build()
    recipe.set_constants(module, train)
    standardised = module.standardise(torch.from_numpy(train.inputs["features"])).numpy()
    np.testing.assert_allclose(standardised.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(standardised.std(axis=0), 1.0, atol=1e-4)


def test_training_leaves_the_constants_alone():
    train, _ = data.load()
    module = torch_module.build()
    recipe.set_constants(module, train)
    before = module.standardise.running_mean.clone()
    module.train()
    module(torch.from_numpy(train.inputs["features"][:8]))
    assert torch.equal(module.standardise.running_mean, before)


def test_every_tumour_is_in_one_split_and_each_split_has_its_share_of_both_classes():
    train, held_out = data.load()
    assert (len(train.targets), len(held_out.targets)) == (455, 114)
    assert (
        len({row.tobytes() for row in np.concatenate([train.inputs["features"], held_out.inputs["features"]])}) == 569
    )
    assert train.targets.mean() == pytest.approx(held_out.targets.mean(), abs=0.01)
    assert train.inputs["features"].shape[1:] == SPEC.inputs[0].row_shape
    assert train.inputs["features"].dtype == SPEC.inputs[0].dtype


def test_a_network_that_learned_too_little_is_refused(monkeypatch):
    monkeypatch.setattr(recipe, "COURSE", replace(recipe.COURSE, epochs=1, learning_rate=1e-9))
    with pytest.raises(TrainingError, match=r"tabular_mlp reached .*% on the held-out split, below the 95%"):
        recipe.learn(lambda: None)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
def test_it_trains_and_exports_to_all_formats(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    folder, manifest = exported("tabular_mlp")
    assert manifest.accuracy >= 0.95
    assert_sound("tabular_mlp", folder, manifest)
