"""Six models with the zoo's long names and costs close to one another: what charts and tables must have room for."""

from serveoff.analyse.analysis import analyse
from tests.serveoff.across_models_fixtures import summarise
from tests.serveoff.model_runs import write_model
from tests.serveoff.synthetic import Scenario

COSTS_S = {
    "tabular_mlp": 0.0002,
    "digits_cnn": 0.00025,
    "timeseries_lstm": 0.0006,
    "text_transformer": 0.0021,
    "efficientnet_lite0": 0.024,
    "resnet50": 0.11,
}


def summary_of_six(root):
    """Each run is short, and the dearest model has just enough samples to count."""
    scenario = Scenario(slice_s=0.5, rounds=10, concurrencies=(1, 4))
    folders = [write_model(root / f"run-{model}", model, scenario, costs=COSTS_S) for model in COSTS_S]
    return summarise([analyse(folder) for folder in folders])
