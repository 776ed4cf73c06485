"""Runs of three models whose costs and servers' overheads are known, so that the true crossovers are known too."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from serveoff.record.suite import load_suite
from tests.serveoff import synthetic
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

COSTS_S = {"tiny_mlp": 0.0004, "middle_cnn": 0.005, "large_net": 0.060}
"""Of the fastest static format, TorchScript. Medians of the synthetic rows are these, within a few parts in 1,000."""
TIMES = {
    "torchscript": 1.0,
    "torch_eager": 1.05,
    "savedmodel": 1.6,
    "frozen_graph": 1.4,
    "keras_eager": 2.5,
    "null": 0.0,
}
"""What a format takes, times TorchScript."""
SCENARIO = Scenario(slice_s=0.6, rounds=30, starts=3, concurrencies=(1, 4), round_drift=0.003)
LONGER = {"tiny_mlp": 0.5, "large_net": 4.0}
"""Slices, times the scenario's: as a run gives a slow model longer ones."""
SOUND = Faults()


def write_model(folder: Path, model: str, scenario: Scenario = SCENARIO, faults: Faults = SOUND, costs=COSTS_S) -> Path:
    """A run of one model: every server adds the same to each."""
    with patch.dict(synthetic.MODEL_S, {format: costs[model] * times for format, times in TIMES.items()}):
        write_run(folder, _of_model(scenario, model, list(costs).index(model)), faults)
    suite = load_suite(folder)
    suite.settings = suite.settings.model_copy(update={"model": model, "slice_s": scenario.slice_s})
    save_run(folder, suite)
    return folder


def _of_model(scenario: Scenario, model: str, index: int) -> Scenario:
    return replace(scenario, seed=scenario.seed + index, slice_s=scenario.slice_s * LONGER.get(model, 1.0))


def write_models(root: Path, scenario: Scenario = SCENARIO, faults=None) -> list[Path]:
    """One run each, cheapest model last, so that nothing is in order by chance. `faults` are by model."""
    known = faults or {}
    return [write_model(root / f"run-{m}", m, scenario, known.get(m, SOUND)) for m in reversed(COSTS_S)]


def overhead_s(server: str, protocol: str) -> float:
    """What a server truly adds."""
    return synthetic.SERVER_S[server] - (synthetic.GRPC_SAVES_S if protocol == "grpc" else 0.0)
