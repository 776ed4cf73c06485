"""How the network learns: to forecast each year of a window from those before it, many forecasts a window."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from serveoff.models.tensors import Examples
from serveoff.models.train import (
    SEED,
    Course,
    OnEpoch,
    Tensors,
    Trained,
    TrainingError,
    begin,
    fit,
    forward,
    golden_of,
    neutral,
)
from serveoff.models.zoo.timeseries_lstm import SCALE, SPEC
from serveoff.models.zoo.timeseries_lstm.data import load
from serveoff.models.zoo.timeseries_lstm.torch_module import build

INPUT = SPEC.inputs[0].name
EPOCHS = 60
BATCH = 16
LEARNING_RATE = 3e-3
WARM_UP = 11
"""Years of a window whose forecasts do not count in training: less than one cycle of the sun tells little."""
MOST_OF_NAIVE = 0.75
"""The mean absolute error that the model may have, as a share of that of the naive forecast, 'as this year'."""


def learn(on_epoch: OnEpoch) -> Trained:
    """Train it; TrainingError where it does not beat the naive forecast by what MOST_OF_NAIVE asks for."""
    train, held_out = load()
    begin()
    module = build()
    fit(module, SPEC, examples(train), COURSE, on_epoch)
    forecasts = forward(module, SPEC, held_out.inputs)[SPEC.outputs[0].name]
    error = float(np.abs(forecasts - held_out.targets).mean())
    naive = float(np.abs(held_out.inputs[INPUT][:, -1] - held_out.targets).mean())
    quality = (
        f"next year's sunspots missed by {error:.1f} on average over {len(held_out.targets)} held-out years, where "
        f"'as this year' misses by {naive:.1f}"
    )
    if error > MOST_OF_NAIVE * naive:
        raise TrainingError(
            f"model {SPEC.name}: {quality}; it may miss by {MOST_OF_NAIVE * naive:.1f}: what was changed in "
            f"models/train.py or models/zoo/{SPEC.name} made it worse; mend it, then export again"
        )
    return Trained(neutral(SPEC.name, module), golden_of(module, SPEC, held_out.inputs), quality, None, SEED)


def examples(split: Examples) -> Examples:
    """Windows (n, 48, 1), and the year that follows each of their years, (n, 48, 1), in the network's scale."""
    following = np.concatenate([split.inputs[INPUT][:, 1:], split.targets[:, np.newaxis]], axis=1)
    return Examples(split.inputs, following / np.float32(SCALE))


def each_year(module: nn.Module, inputs: Tensors, targets: torch.Tensor) -> torch.Tensor:
    """The mean absolute error of the forecasts after each year of a window, but for the first few."""
    forecasts = module.dense(module.states(*inputs))
    return F.l1_loss(forecasts[:, WARM_UP:], targets[:, WARM_UP:])


COURSE = Course(EPOCHS, BATCH, LEARNING_RATE, loss=each_year)
