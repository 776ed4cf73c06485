from dataclasses import replace

import numpy as np
import pytest

from serveoff.models.train import TrainingError
from serveoff.models.zoo.timeseries_lstm import SPEC, UNITS, YEARS, data, recipe, torch_module
from tests.models.zoo.exporting import assert_sound, exported
from tests.models.zoo.three_ways import assert_alike, random_weights


def test_the_three_networks_agree_on_years_they_never_saw():
    _, held_out = data.load()
    forecast = assert_alike("timeseries_lstm", random_weights("timeseries_lstm"), {"years": held_out.inputs["years"]})[
        "forecast"
    ]
    assert forecast.shape == (88, 1)
    assert np.ptp(forecast) > 1.0  # the windows are told apart, so agreeing means something


def test_weights_survive_the_way_to_pytorchs_gates_and_back():
    weights = random_weights("timeseries_lstm")
    back = torch_module.weights_of(torch_module.state_of(weights))
    assert back.keys() == weights.keys()
    for name, value in weights.items():
        np.testing.assert_array_equal(back[name], value, err_msg=name)


def test_pytorchs_two_biases_become_their_sum():
    state = torch_module.state_of(random_weights("timeseries_lstm"))
    ones = np.ones(4 * UNITS, np.float32)
    assert (
        torch_module.weights_of({**state, "lstm.bias_ih_l0": ones, "lstm.bias_hh_l0": ones})["lstm/bias"] == 2
    ).all()


def test_each_window_is_followed_by_the_next_windows_last_year():
    for split in data.load():
        np.testing.assert_array_equal(split.inputs["years"][1:, -1], split.targets[:-1])
        assert split.inputs["years"].shape[1:] == SPEC.inputs[0].row_shape
        assert split.inputs["years"].dtype == SPEC.inputs[0].dtype


def test_training_ends_with_1920_and_what_follows_is_held_out():
    train, held_out = data.load()
    assert len(train.targets) == 1920 - 1700 + 1 - YEARS
    assert len(held_out.targets) == 2008 - 1920
    assert train.targets[-1] == pytest.approx(37.6)  # 1920
    assert held_out.targets[0] == pytest.approx(26.1)  # 1921


def test_a_network_that_is_no_better_than_the_naive_forecast_is_refused(monkeypatch):
    monkeypatch.setattr(recipe, "COURSE", replace(recipe.COURSE, epochs=1, learning_rate=1e-9))
    with pytest.raises(TrainingError, match=r"timeseries_lstm: next year's sunspots missed by .*; it may miss by"):
        recipe.learn(lambda: None)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
def test_it_trains_beats_the_naive_forecast_and_exports_to_all_formats(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    folder, manifest = exported("timeseries_lstm")
    assert manifest.accuracy is None
    assert "'as this year' misses by" in manifest.quality
    assert_sound("timeseries_lstm", folder, manifest)
